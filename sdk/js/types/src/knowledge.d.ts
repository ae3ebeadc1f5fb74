/**
 * Searches, the best first.
 * @param {string} text words in any language, or a customer's whole text; at most 8 KiB
 * @param {object} [options]
 * @param {string | null} [options.language] BCP 47: articles in this language come first
 * @param {number} [options.limit] at most 20; 5 when not given
 * @returns {Article[]} empty when nothing fits
 * @throws {import("./failures.js").HostError} `unavailable` or `invalid`
 */
export function search(text: string, { language, limit }?: {
    language?: string | null | undefined;
    limit?: number | undefined;
}): Article[];
/** An article that was found. Its text is fetched when it is asked for. */
export class Article {
    /** @param {any} raw the host's object */
    constructor(raw: any);
    /** What a draft's citation takes. @returns {string} */
    get id(): string;
    /** @returns {string} */
    get title(): string;
    /** BCP 47 @returns {string} */
    get language(): string;
    /** Markdown, at most 64 KiB. @returns {string} */
    get text(): string;
    /** How well it fits, 0 to 1: to compare within one search only. @returns {number} */
    get score(): number;
    #private;
}
