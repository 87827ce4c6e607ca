const N = 24000000;
function* summing() { let sum = 0; while (true) sum += yield sum; }
const g = summing();
let last = g.next().value;
for (let k = 0; k < N; k++) last = g.next(k).value;
console.log(String(last));
