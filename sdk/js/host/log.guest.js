export { write } from "posthouse:plugin/log@1.0.0";
