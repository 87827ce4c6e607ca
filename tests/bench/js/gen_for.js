const N = 30000000;
function* upto(n) { for (let k = 0; k < n; k++) yield k; }
let seen = 0;
for (const k of upto(N)) seen += k;
console.log(String(seen));
