export { Prompt } from "posthouse:plugin/model@1.0.0";
