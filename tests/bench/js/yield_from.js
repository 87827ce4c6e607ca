const DEPTH = 10;
const N = 1000000;
function* values(n) { for (let k = 0; k < n; k++) yield k; }
function* level(depth, n) { yield* depth === 1 ? values(n) : level(depth - 1, n); }
let seen = 0;
for (const k of level(DEPTH, N)) seen += k;
console.log(String(seen));
