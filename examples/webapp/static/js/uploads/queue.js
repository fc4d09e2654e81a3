// What waits for its turn: some run at a time, the others in their order.

export class Queue {
  #waiting = [];
  #running = new Set();

  /** `most` at a time; each has `run()`, which returns when its turn is over. */
  constructor(most) {
    this.most = most;
  }

  /** One that is just being stopped gets another turn after that. */
  add(one) {
    if (!this.#waiting.includes(one)) this.#waiting.push(one);
    this.#next();
  }

  remove(one) {
    this.#waiting = this.#waiting.filter((other) => other !== one);
  }

  waits(one) {
    return this.#waiting.includes(one);
  }

  get busy() {
    return this.#running.size > 0 || this.#waiting.length > 0;
  }

  #next() {
    while (this.#running.size < this.most) {
      const one = this.#waiting.find((each) => !this.#running.has(each));
      if (!one) return;
      this.remove(one);
      this.#running.add(one);
      one.run().finally(() => {
        this.#running.delete(one);
        this.#next();
      });
    }
  }
}
