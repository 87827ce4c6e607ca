// Async functions are the tasks; awaiting what is there already gives way to the others.
const TASKS = 200000;
const TURNS = 5;

async function worker(k) {
  for (let i = 0; i < TURNS; i++) await null;
  return k % 10;
}

async function main() {
  const tasks = [];
  for (let k = 0; k < TASKS; k++) tasks.push(worker(k));
  console.log((await Promise.all(tasks)).reduce((a, b) => a + b));
}

main();
