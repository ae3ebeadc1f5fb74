/** Details for whoever looks for a mistake. Values are joined by spaces; objects are written as JSON. */
export const debug: (...values: any[]) => void;
/** What happened. */
export const info: (...values: any[]) => void;
/** What somebody should look at. */
export const warn: (...values: any[]) => void;
/** What went wrong. */
export const error: (...values: any[]) => void;
