// Async functions are the tasks; a queue keeps the promise its one reader waits for.
const TASKS = 1000;
const HOPS = 400000;

class Queue {
  items = [];
  wake = null;

  put(item) {
    this.items.push(item);
    const wake = this.wake;
    if (wake !== null) {
      this.wake = null;
      wake();
    }
  }

  async get() {
    while (this.items.length === 0) await new Promise((resolve) => { this.wake = resolve; });
    return this.items.shift();
  }
}

async function station(mine, following) {
  let passed = 0;
  let left;
  while ((left = await mine.get()) > 0) {
    passed += 1;
    following.put(left - 1);
  }
  following.put(0);
  return passed;
}

async function main() {
  const queues = Array.from({ length: TASKS }, () => new Queue());
  const tasks = queues.map((queue, k) => station(queue, queues[(k + 1) % TASKS]));
  queues[0].put(HOPS);
  const passed = await Promise.all(tasks);
  console.log(passed.reduce((a, b) => a + b), Math.min(...passed), Math.max(...passed));
}

main();
