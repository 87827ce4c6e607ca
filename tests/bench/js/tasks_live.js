// Async functions that wait, all of them held at once.
const N = 200000;

async function waiter(gate, k) {
  await gate;
  return k;
}

async function main() {
  let open;
  const gate = new Promise((resolve) => { open = resolve; });
  const tasks = [];
  for (let k = 0; k < N; k++) tasks.push(waiter(gate, k));
  await null;
  open();
  console.log((await Promise.all(tasks)).reduce((a, b) => a + b));
}

main();
