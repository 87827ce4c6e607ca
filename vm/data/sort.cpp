#include "vm/data/sort.h"

#include "vm/data/compare.h"
#include "vm/data/float.h"
#include "vm/data/list.h"
#include "vm/data/string.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

namespace gen {

namespace {

// Runs are found from left to right and merged by their powers (Munro and Wild's powersort): a run's power is
// the depth of the boundary to its right in a nearly balanced tree. Merging writes to the scratch array and
// copies back at the end, so that `keys` holds every item at any time.
struct State {
    enum Phase : uint8_t {
        kFindRun,
        kDirection,
        kExtendRun,
        kInsert,
        kBisect,
        kCollapse,
        kFinish,
        kMerge,
        kDone
    };
    struct Run {
        uint64_t start, length;
        int64_t power;
    };
    uint64_t n;
    uint64_t minimum;           // shorter runs are extended by binary insertion
    uint64_t start, end;        // the run at hand
    uint64_t target;            // extend it up to here
    uint64_t left, right;       // bisection
    uint64_t from, middle, to;  // merge [from, middle) and [middle, to)
    uint64_t i, j, out;
    int64_t power;
    uint32_t depth;
    Phase phase, after_merge;
    bool reverse, descending;
    int8_t answer;  // -1: none yet
    Run runs[];     // as many as can be open at a time
};

// Powers grow along the open runs, and none exceeds the depth of a tree of n leaves.
size_t most_runs(uint64_t n) { return size_t(std::bit_width(n)) + 2; }

enum Part { kKeys, kValues, kScratchKeys, kScratchValues, kState, kParts };

Array* part(Array* job, Part p) { return job->items[p].as<Array>(); }
State* state_of(Array* job) { return reinterpret_cast<State*>(job->items[kState].as<Blob>()->data); }

// The steps of one sort, over arrays fetched anew at every call.
class Sorter {
  public:
    explicit Sorter(Array* job)
        : s_(*state_of(job)), keys_(part(job, kKeys)->items), scratch_keys_(part(job, kScratchKeys)->items) {
        if (job->items[kValues].is_unbound()) return;
        values_ = part(job, kValues)->items;
        scratch_values_ = part(job, kScratchValues)->items;
    }

    // Goes on until a comparison is wanted (true: keys[a] < keys[b]?) or all is done.
    bool advance(uint64_t& a, uint64_t& b) {
        for (;;) switch (s_.phase) {
                case State::kFindRun:
                    if (s_.start == s_.n) {
                        s_.phase = State::kFinish;
                        continue;
                    }
                    s_.end = s_.start + 1;
                    if (s_.end == s_.n) {
                        run_found();
                        continue;
                    }
                    s_.phase = State::kDirection;
                    [[fallthrough]];
                case State::kDirection:
                    if (s_.answer < 0) return want(a = s_.start + 1, b = s_.start);
                    s_.descending = take_answer();
                    s_.end = s_.start + 2;
                    s_.phase = State::kExtendRun;
                    [[fallthrough]];
                case State::kExtendRun:
                    if (s_.end < s_.n) {
                        if (s_.answer < 0) return want(a = s_.end, b = s_.end - 1);
                        if (take_answer() == s_.descending) {
                            s_.end++;
                            continue;
                        }
                    }
                    if (s_.descending) reverse(s_.start, s_.end);
                    s_.target = std::min(s_.n, std::max(s_.end, s_.start + s_.minimum));
                    s_.phase = State::kInsert;
                    [[fallthrough]];
                case State::kInsert:
                    if (s_.end >= s_.target) {
                        run_found();
                        continue;
                    }
                    s_.left = s_.start;
                    s_.right = s_.end;
                    s_.phase = State::kBisect;
                    [[fallthrough]];
                case State::kBisect:
                    if (s_.left < s_.right) {
                        uint64_t middle = (s_.left + s_.right) / 2;
                        if (s_.answer < 0) return want(a = s_.end, b = middle);
                        if (take_answer())
                            s_.right = middle;
                        else
                            s_.left = middle + 1;
                        continue;
                    }
                    rotate_into(s_.left, s_.end++);
                    s_.phase = State::kInsert;
                    continue;
                case State::kCollapse:
                    if (s_.depth > 1 && s_.runs[s_.depth - 2].power > s_.power) {
                        start_merge(State::kCollapse);
                        continue;
                    }
                    if (s_.depth) s_.runs[s_.depth - 1].power = s_.power;
                    s_.runs[s_.depth++] = {s_.start, s_.end - s_.start, 0};
                    s_.start = s_.end;
                    s_.phase = State::kFindRun;
                    continue;
                case State::kFinish:
                    if (s_.depth > 1) {
                        start_merge(State::kFinish);
                        continue;
                    }
                    if (s_.reverse) reverse(0, s_.n);
                    s_.phase = State::kDone;
                    [[fallthrough]];
                case State::kDone:
                    return false;
                case State::kMerge:
                    if (s_.i < s_.middle && s_.j < s_.to) {
                        if (s_.answer < 0) return want(a = s_.j, b = s_.i);
                        take(take_answer() ? s_.j++ : s_.i++);
                        continue;
                    }
                    end_merge();
            }
    }

    Value key(uint64_t i) const { return keys_[i]; }
    void reverse(uint64_t from, uint64_t to) {
        std::reverse(keys_ + from, keys_ + to);
        if (values_) std::reverse(values_ + from, values_ + to);
    }

  private:
    static bool want(uint64_t, uint64_t) { return true; }
    bool take_answer() {
        bool a = s_.answer;
        s_.answer = -1;
        return a;
    }

    void run_found() {
        s_.phase = State::kCollapse;
        if (!s_.depth) return;
        // The power of the boundary between the last run and this one: the first bit in which the middles of
        // both differ, as fractions of n.
        const State::Run& last = s_.runs[s_.depth - 1];
        uint64_t a = 2 * last.start + last.length, b = a + last.length + (s_.end - s_.start);
        s_.power = 0;
        for (;;) {
            s_.power++;
            if (a >= s_.n) {
                a -= s_.n;
                b -= s_.n;
            } else if (b >= s_.n) {
                return;
            }
            a *= 2;
            b *= 2;
        }
    }

    void rotate_into(uint64_t to, uint64_t from) {
        std::rotate(keys_ + to, keys_ + from, keys_ + from + 1);
        if (values_) std::rotate(values_ + to, values_ + from, values_ + from + 1);
    }

    void start_merge(State::Phase after) {
        State::Run &x = s_.runs[s_.depth - 2], &y = s_.runs[s_.depth - 1];
        s_.from = s_.i = x.start;
        s_.middle = s_.j = y.start;
        s_.to = y.start + y.length;
        s_.out = 0;
        x.length += y.length;
        x.power = y.power;
        s_.depth--;
        s_.after_merge = after;
        s_.phase = State::kMerge;
    }

    void take(uint64_t i) {
        scratch_keys_[s_.out] = keys_[i];
        if (values_) scratch_values_[s_.out] = values_[i];
        s_.out++;
    }

    void end_merge() {
        while (s_.i < s_.middle) take(s_.i++);  // what is left of the second run is in its place
        finish_array(keys_, scratch_keys_);
        if (values_) finish_array(values_, scratch_values_);
        s_.phase = s_.after_merge;
    }

    void finish_array(Value* items, Value* scratch) {
        std::copy_n(scratch, s_.out, items + s_.from);
        std::fill_n(scratch, s_.out, Value::unbound());
    }

    State& s_;
    Value* keys_;
    Value* scratch_keys_;
    Value* values_ = nullptr;
    Value* scratch_values_ = nullptr;
};

// So that n / minimum is a power of two or a little less.
uint64_t minimum_run(uint64_t n) {
    uint64_t odd = 0;
    while (n >= 64) {
        odd |= n & 1;
        n >>= 1;
    }
    return n + odd;
}

}  // namespace

Array* make_sort(Heap& heap, Array* keys, Array* values, size_t n, bool reverse) {
    Array* job = make_array(heap, kParts);
    Array* scratch = make_array(heap, n);
    Array* scratch_values = values ? make_array(heap, n) : nullptr;
    Blob* state = make_blob(heap, sizeof(State) + most_runs(n) * sizeof(State::Run));
    if (!job || !scratch || (values && !scratch_values) || !state) return nullptr;
    job->items[kKeys] = Value::object(keys);
    job->items[kScratchKeys] = Value::object(scratch);
    if (values) {
        job->items[kValues] = Value::object(values);
        job->items[kScratchValues] = Value::object(scratch_values);
    }
    job->items[kState] = Value::object(state);
    State& s = *state_of(job);
    s = {};
    s.n = n;
    s.minimum = minimum_run(n);
    s.phase = State::kFindRun;
    s.answer = -1;
    s.reverse = reverse;
    if (reverse) Sorter(job).reverse(0, n);  // and again at the end, which keeps the order of equal items
    return job;
}

bool sort_run(Heap& heap, Array* job, Value& a, Value& b, uint64_t budget) {
    for (Part p : {kKeys, kValues, kScratchKeys, kScratchValues})
        if (!job->items[p].is_unbound()) heap.write(part(job, p));
    Sorter sorter(job);
    State& s = *state_of(job);
    uint64_t i, j;
    while (sorter.advance(i, j)) {
        if (budget-- == 0) {
            a = b = Value::unbound();
            return true;
        }
        Fast f = fast_lt(sorter.key(i), sorter.key(j));
        if (f == Fast::Unhandled) {
            a = sorter.key(i);
            b = sorter.key(j);
            return true;
        }
        s.answer = f == Fast::True;
    }
    return false;
}

void sort_feed(Heap&, Array* job, bool less) { state_of(job)->answer = less; }
Array* sort_keys(Array* job) { return part(job, kKeys); }
Array* sort_values(Array* job) {
    return job->items[kValues].is_unbound() ? part(job, kKeys) : part(job, kValues);
}

// ---- all at once

namespace {

template <class Key>
struct Item {
    Key key;
    Value original, value;
};

template <class Key, class Get, class Less>
bool sort_items(Value* keys, Value* values, size_t n, bool reverse, Get get, Less less) {
    auto* items = static_cast<Item<Key>*>(std::malloc(n * sizeof(Item<Key>)));
    if (!items) return false;
    for (size_t i = 0; i < n; i++) {
        size_t from = reverse ? n - 1 - i : i;
        items[i] = {get(keys[from]), keys[from], values ? values[from] : Value::unbound()};
    }
    std::stable_sort(items, items + n,
                     [&](const Item<Key>& a, const Item<Key>& b) { return less(a.key, b.key); });
    for (size_t i = 0; i < n; i++) {
        size_t to = reverse ? n - 1 - i : i;
        keys[to] = items[i].original;
        if (values) values[to] = items[i].value;
    }
    std::free(items);
    return true;
}

template <class Test>
bool all(const Value* keys, size_t n, Test test) {
    return std::all_of(keys, keys + n, test);
}

}  // namespace

bool sort_fast(Value* keys, Value* values, size_t n, bool reverse) {
    if (n < 2) return true;
    auto less_int = [](int64_t a, int64_t b) { return a < b; };
    if (all(keys, n, [](Value v) { return v.is_int(); })) {
        if (values)
            return sort_items<int64_t>(
                keys, values, n, reverse, [](Value v) { return v.as_int(); }, less_int);
        // Equal small ints are the same: any order of them will do.
        auto less = [](Value a, Value b) { return a.as_int() < b.as_int(); };
        if (reverse) {
            if (!std::is_sorted(keys, keys + n, [&](Value a, Value b) { return less(b, a); }))
                std::sort(keys, keys + n, [&](Value a, Value b) { return less(b, a); });
        } else if (!std::is_sorted(keys, keys + n, less)) {
            std::sort(keys, keys + n, less);
        }
        return true;
    }
    if (all(keys, n, [](Value v) { return is_exact_float(v) && !std::isnan(as_float(v)); }))
        return sort_items<double>(
            keys, values, n, reverse, [](Value v) { return as_float(v); },
            [](double a, double b) { return a < b; });
    if (all(keys, n, is_exact_str))
        return sort_items<const Str*>(
            keys, values, n, reverse, [](Value v) { return v.as<Str>(); },
            [](const Str* a, const Str* b) { return compare(a, b) < 0; });
    return false;
}

}  // namespace gen
