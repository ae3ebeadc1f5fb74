/** @returns {FakeHost} */
export function fake(): FakeHost;
/**
 * @param {FakeHost} host
 */
export function setFake(host: FakeHost): void;
/**
 * What a test gives in place of the host.
 */
export type FakeHost = {
    /**
     * answers requests; without it they are refused
     */
    http?: ((request: SentRequest) => FakeAnswer) | undefined;
    /**
     * values by name; a request with any other is refused
     */
    secrets?: Record<string, string> | undefined;
    /**
     * answers prompts
     */
    model?: ((prompt: {
        instructions: string;
        inputs: string[];
        maxOutputTokens: number | null;
    }) => string) | undefined;
    /**
     * what a search finds
     */
    articles?: {
        id: string;
        title: string;
        language?: string;
        text: string;
        score?: number;
    }[] | undefined;
    /**
     * what is kept; look at it afterwards
     */
    store?: Map<string, Uint8Array<ArrayBufferLike>> | undefined;
    /**
     * lines arrive here
     */
    log?: {
        level: string;
        text: string;
    }[] | undefined;
};
/**
 * A request with its secrets and signatures filled in.
 */
export type SentRequest = {
    method: string;
    url: string;
    headers: Record<string, string>;
    mediaType: string | null;
    body: string | null;
    bytes: Uint8Array | null;
};
/**
 * An answer for it.
 */
export type FakeAnswer = {
    status?: number;
    headers?: Record<string, string>;
    body?: string;
    json?: any;
    error?: "denied" | "unreachable" | "too-large" | "invalid";
};
