// The stream of pictures: server-sent events read with fetch, since EventSource can send no token.
const SILENCE_MILLIS = 35_000;
const PAUSES_MILLIS = [300, 1000, 2000, 4000];

/** Follows /events for ever; tells what comes and how the connection stands. */
export class Stream {
  constructor({ onMessage, onState }) {
    this.onMessage = onMessage;
    this.onState = onState;
    this.token = "";
    this.failures = 0;
    this.wake = null;
  }

  async run() {
    for (;;) {
      const outcome = await this.readOnce();
      if (outcome === "refused") {
        await new Promise((resolve) => (this.wake = resolve));
      } else if (outcome === "failed") {
        const pause = PAUSES_MILLIS[Math.min(this.failures, PAUSES_MILLIS.length - 1)];
        this.failures += 1;
        this.onState("lost", "Connection lost. What is shown is old; trying to reconnect…");
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  /** Takes a bearer token and tries again. */
  use(token) {
    this.token = token;
    this.wake?.();
  }

  async readOnce() {
    const abort = new AbortController();
    let told = false;
    let watchdog = setTimeout(() => abort.abort(), SILENCE_MILLIS);
    try {
      const headers = this.token ? { Authorization: `Bearer ${this.token}` } : {};
      const response = await fetch("events", { headers, signal: abort.signal, cache: "no-store" });
      if (response.status === 401 || response.status === 403) {
        this.onState("refused", (await response.text()).trim());
        return "refused";
      }
      if (!response.ok || !response.body) {
        return "failed";
      }
      let rest = "";
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let parts = [];
      for (;;) {
        const { done, value } = await reader.read();
        if (done) {
          return told ? "ended" : "failed";
        }
        clearTimeout(watchdog);
        watchdog = setTimeout(() => abort.abort(), SILENCE_MILLIS);
        parts.push(value);
        if (!(parts.length > 1 ? parts[parts.length - 2].slice(-1) + value : value).includes("\n\n")) {
          continue;
        }
        const messages = (rest + parts.join("")).split("\n\n");
        parts = [];
        rest = messages.pop();
        for (const message of messages) {
          if (message.startsWith("data: ")) {
            told = true;
            this.failures = 0;
            this.onState("live", "Live");
            this.onMessage(JSON.parse(message.slice(6)));
          }
        }
      }
    } catch (error) {
      if (error instanceof TypeError || error.name === "AbortError" || error.name === "NetworkError") {
        return "failed";
      }
      throw error;
    } finally {
      clearTimeout(watchdog);
    }
  }
}
