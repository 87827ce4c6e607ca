const N = 12000000;
function* single(k) { yield k; }
let seen = 0;
for (let k = 0; k < N; k++) for (const x of single(k)) seen += x;
console.log(String(seen));
