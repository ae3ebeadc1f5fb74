import { get, set, keys, delete as remove } from "posthouse:plugin/store@1.0.0";
export { get, set, keys, remove };
