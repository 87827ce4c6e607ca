// A stable merge sort that uses natural runs, as a machine that asks for one comparison at a time: so a step
// native can run `__lt__` of the script in between, and be suspended there.
//
//     Array* job = make_sort(heap, keys, values, n, reverse);    // one object, to be kept in the frame
//     Value a, b;
//     while (sort_run(heap, job, a, b)) sort_feed(heap, job, <a < b in the script>);
//
// Keys are compared, values are moved along; without a key function `values` is null. Both arrays are in
// order when sort_run answers false, and hold the same items in some order if it is given up earlier. The
// caller keeps them out of the script's reach meanwhile (list.sort leaves an empty list). Comparisons: about
// n log2 n, n - 1 when the input is in order or strictly descending. `reverse` keeps the order of equal
// items, as in Python.
#pragma once
#include "vm/data/heap.h"

namespace gen {

Array* make_sort(Heap&, Array* keys, Array* values, size_t n, bool reverse);  // null: out of memory
// Goes on as far as fast_lt decides, at most `budget` comparisons. True: a < b is wanted, or, with a and b
// unbound, the budget is spent and sort_run is to be called again.
bool sort_run(Heap&, Array* job, Value& a, Value& b, uint64_t budget = 1'000'000);
void sort_feed(Heap&, Array* job, bool less);
Array* sort_keys(Array* job);
Array* sort_values(Array* job);  // the keys when there are none

// Sorts at once when all keys are ints, or floats, or strs. False: not handled (or no memory), and nothing
// has moved. `values` may be null. The caller calls heap.write for the arrays' owners.
bool sort_fast(Value* keys, Value* values, size_t n, bool reverse);

}  // namespace gen
