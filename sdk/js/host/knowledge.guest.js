export { Query } from "posthouse:plugin/knowledge@1.0.0";
