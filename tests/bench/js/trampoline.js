const TASKS = 1000;
const TURNS = 4000;

// JavaScript has no deque: a ring.
class Deque {
  constructor(room) {
    this.items = new Array(room).fill(null);
    this.first = 0;
    this.length = 0;
  }

  append(item) {
    this.items[(this.first + this.length) % this.items.length] = item;
    this.length += 1;
  }

  popleft() {
    const item = this.items[this.first];
    this.items[this.first] = null;
    this.first = (this.first + 1) % this.items.length;
    this.length -= 1;
    return item;
  }
}

class Task {
  constructor(number, generator) {
    this.number = number;
    this.generator = generator;
    this.answer = undefined;
  }
}

class Scheduler {
  constructor() {
    this.ready = new Deque(TASKS);
    this.started = 0;
    this.ended = 0;
    this.served = 0;
  }

  start(generator) {
    this.started += 1;
    this.ready.append(new Task(this.started, generator));
  }

  run() {
    const ready = this.ready;
    while (ready.length > 0) {
      const task = ready.popleft();
      const { value: request, done } = task.generator.next(task.answer);
      if (done) {
        this.ended += 1;
        continue;
      }
      this.served += 1;
      task.answer = request === "who am I" ? task.number : undefined;
      ready.append(task);
    }
  }
}

function* worker(results) {
  const me = yield "who am I";
  let work = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    yield "next please";
    work += turn % 5;
  }
  results.push(work + me);
}

const scheduler = new Scheduler();
const results = [];
for (let k = 0; k < TASKS; k++) scheduler.start(worker(results));
scheduler.run();
console.log(scheduler.ended, scheduler.served, results.reduce((a, b) => a + b));
