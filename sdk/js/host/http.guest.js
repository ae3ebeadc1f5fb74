export { Request } from "posthouse:plugin/http@1.0.0";
export { Template } from "posthouse:plugin/templates@1.0.0";
