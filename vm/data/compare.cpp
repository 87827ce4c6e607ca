#include "vm/data/compare.h"

#include "vm/data/dict.h"
#include "vm/data/float.h"
#include "vm/data/int.h"
#include "vm/data/list.h"
#include "vm/data/string.h"

#include <cmath>

namespace gen {

namespace {

// What an exact built-in value can be equal to: values of different groups are never equal. Own: unknown.
enum class Group : uint8_t { Own, Identity, Number, Str, Bytes, Tuple, List, Dict, Set, Range };

Group group_of(Value v) {
    if (v.is_int() || v.is_inline_float() || v.is_bool()) return Group::Number;
    if (!v.is_object()) return Group::Identity;
    uint32_t shape = v.as_object()->shape;
    switch (shape) {
        case kShapeInt:
        case kShapeFloat:
        case kShapeComplex:
            return Group::Number;
        case kShapeStr:
            return Group::Str;
        case kShapeBytes:
        case kShapeByteArray:
            return Group::Bytes;
        case kShapeTuple:
            return Group::Tuple;
        case kShapeList:
            return Group::List;
        case kShapeDict:
            return Group::Dict;
        case kShapeSet:
        case kShapeFrozenSet:
            return Group::Set;
        case kShapeRange:
            return Group::Range;
        case kShapeObject:
        case kShapeType:
        case kShapeFunction:
        case kShapeProperty:
        case kShapeClassMethod:
        case kShapeStaticMethod:
        case kShapeModule:
        case kShapeFrame:
        case kShapeTraceback:
        case kShapeGenerator:
        case kShapeCoroutine:
        case kShapeAsyncGenerator:
            return Group::Identity;
        default:
            return shape >= kShapeBaseException && shape < kBuiltinShapes ? Group::Identity : Group::Own;
    }
}

bool is_complex(Value v) { return v.is_object() && v.as_object()->kind == Kind::Complex; }

bool equal_numbers(Value a, Value b) {
    if (is_complex(a) || is_complex(b)) {
        if (!is_complex(a)) std::swap(a, b);
        auto* c = a.as<Complex>();
        if (is_complex(b)) return c->real == b.as<Complex>()->real && c->imag == b.as<Complex>()->imag;
        if (c->imag != 0) return false;
        return is_float(b) ? c->real == as_float(b) : compare_int_float(b, c->real) == 0;
    }
    if (is_float(a)) return is_float(b) ? as_float(a) == as_float(b) : compare_int_float(b, as_float(a)) == 0;
    if (is_float(b)) return compare_int_float(a, as_float(b)) == 0;
    return int_equal(a, b);
}

Fast equal_within(Value a, Value b, CompareLimits& limits);

Fast equal_items(const Value* a, const Value* b, size_t n, CompareLimits& limits) {
    for (size_t i = 0; i < n; i++) {
        Fast f = fast_same(a[i], b[i], limits);
        if (f != Fast::True) return f;
    }
    return Fast::True;
}

Fast equal_dicts(const Dict* a, const Dict* b, CompareLimits& limits) {
    if (a->table->live != b->table->live) return Fast::False;
    uint32_t position = 0;
    while (DictEntry* e = next_entry(a, position)) {
        Probe probe;
        Find f = table_find(b->table, e->key, e->hash, probe, limits);
        if (f == Find::Ask) return Fast::Unhandled;
        if (f == Find::Absent) return Fast::False;
        Fast same = fast_same(e->value, probe_value(b, probe), limits);
        if (same != Fast::True) return same;
    }
    return Fast::True;
}

Fast equal_ranges(const Range* a, const Range* b) {
    int64_t n = small_range_length(a), m = small_range_length(b);
    if (n < 0 || m < 0) return Fast::Unhandled;
    return fast(n == m && (n == 0 || a->start.is(b->start)) && (n <= 1 || a->step.is(b->step)));
}

std::string_view bytes_view(Value v) {
    return is_bytes(v) ? view_of(v.as<Bytes>()) : view_of(v.as<ByteArray>());
}

Fast equal_structures(Value a, Value b, Group group, CompareLimits& limits) {
    if (a.is(b)) return Fast::True;
    if (limits.depth == 0) return Fast::Unhandled;
    limits.depth--;
    Fast result = Fast::Unhandled;
    switch (group) {
        case Group::Tuple:
            result =
                a.as<Tuple>()->size != b.as<Tuple>()->size
                    ? Fast::False
                    : equal_items(a.as<Tuple>()->items, b.as<Tuple>()->items, a.as<Tuple>()->size, limits);
            break;
        case Group::List:
            result = a.as<List>()->size != b.as<List>()->size
                         ? Fast::False
                         : equal_items(a.as<List>()->items->items, b.as<List>()->items->items,
                                       a.as<List>()->size, limits);
            break;
        case Group::Dict:
            result = equal_dicts(a.as<Dict>(), b.as<Dict>(), limits);
            break;
        case Group::Set: {
            auto *s = a.as<Set>(), *t = b.as<Set>();
            if (s->table->live != t->table->live || (s->hash && t->hash && s->hash != t->hash))
                result = Fast::False;
            else
                result = table_subset(s->table, t->table, limits);
            break;
        }
        default:
            break;
    }
    limits.depth++;
    return result;
}

Fast equal_within(Value a, Value b, CompareLimits& limits) {
    if (is_exact_str(a) && is_exact_str(b)) return fast(equal(a.as<Str>(), b.as<Str>()));
    if (--limits.budget < 0) return Fast::Unhandled;
    Group group = group_of(a), other = group_of(b);
    if (group == Group::Own || other == Group::Own) return Fast::Unhandled;
    if (group != other) return Fast::False;
    switch (group) {
        case Group::Number:
            return fast(equal_numbers(a, b));
        case Group::Str:
            return fast(equal(a.as<Str>(), b.as<Str>()));
        case Group::Bytes:
            return fast(bytes_view(a) == bytes_view(b));
        case Group::Identity:
            return fast(a.is(b));
        case Group::Range:
            return equal_ranges(a.as<Range>(), b.as<Range>());
        default:
            return equal_structures(a, b, group, limits);
    }
}

Fast by_order(int c, Order order) {
    if (c == kUnordered) return Fast::False;
    switch (order) {
        case Order::Lt:
            return fast(c < 0);
        case Order::Le:
            return fast(c <= 0);
        case Order::Gt:
            return fast(c > 0);
        default:
            return fast(c >= 0);
    }
}

int compare_doubles(double a, double b) { return a < b ? -1 : a > b ? 1 : a == b ? 0 : kUnordered; }

Fast order_numbers(Value a, Value b, Order order) {
    if (is_complex(a) || is_complex(b)) return Fast::Unhandled;
    if (is_float(a)) {
        if (is_float(b)) return by_order(compare_doubles(as_float(a), as_float(b)), order);
        int c = compare_int_float(b, as_float(a));
        return by_order(c == kUnordered ? c : -c, order);
    }
    if (is_float(b)) return by_order(compare_int_float(a, as_float(b)), order);
    return by_order(int_compare(a, b), order);
}

int sign(int c) { return c < 0 ? -1 : c > 0; }

// Nested sequences are gone through in a loop: only the first pair of items that differ decides.
Fast order_within(Value a, Value b, Order order, CompareLimits& limits) {
    for (;;) {
        if (--limits.budget < 0) return Fast::Unhandled;
        Group group = group_of(a);
        if (group != group_of(b)) return Fast::Unhandled;
        switch (group) {
            case Group::Number:
                return order_numbers(a, b, order);
            case Group::Str:
                return by_order(sign(compare(a.as<Str>(), b.as<Str>())), order);
            case Group::Bytes:
                return by_order(sign(bytes_view(a).compare(bytes_view(b))), order);
            case Group::Set: {
                const DictTable *s = a.as<Set>()->table, *t = b.as<Set>()->table;
                if (order == Order::Gt || order == Order::Ge) std::swap(s, t);
                if ((order == Order::Lt || order == Order::Gt) && s->live >= t->live) return Fast::False;
                return s->live > t->live ? Fast::False : table_subset(s, t, limits);
            }
            case Group::Tuple:
            case Group::List: {
                bool tuple = group == Group::Tuple;
                size_t n = tuple ? a.as<Tuple>()->size : a.as<List>()->size;
                size_t m = tuple ? b.as<Tuple>()->size : b.as<List>()->size;
                const Value* p = tuple ? a.as<Tuple>()->items : a.as<List>()->items->items;
                const Value* q = tuple ? b.as<Tuple>()->items : b.as<List>()->items->items;
                size_t i = 0;
                for (; i < n && i < m; i++) {
                    Fast f = fast_same(p[i], q[i], limits);
                    if (f == Fast::Unhandled) return f;
                    if (f == Fast::False) break;
                }
                if (i == n || i == m) return by_order(n < m ? -1 : n > m, order);
                a = p[i];
                b = q[i];
                continue;
            }
            default:
                return Fast::Unhandled;
        }
    }
}

}  // namespace

Fast fast_eq_slow(Value a, Value b) {
    CompareLimits limits;
    return equal_within(a, b, limits);
}

Fast fast_same(Value a, Value b, CompareLimits& limits) {
    if (a.is(b)) return Fast::True;
    if (both_int(a, b)) return Fast::False;
    return equal_within(a, b, limits);
}

Fast fast_order(Value a, Value b, Order order) {
    CompareLimits limits;
    return order_within(a, b, order, limits);
}

Fast fast_truth_slow(Value v) {
    if (v.is_not_implemented()) return Fast::Unhandled;  // that gives a warning
    if (!v.is_object()) return v.is_inline_float() ? fast(v.as_inline_float() != 0) : fast(!v.is_none());
    switch (v.as_object()->shape) {
        case kShapeInt:
            return fast(v.as<Int>()->size != 0);
        case kShapeFloat:
            return fast(v.as<Float>()->value != 0);
        case kShapeComplex:
            return fast(v.as<Complex>()->real != 0 || v.as<Complex>()->imag != 0);
        case kShapeRange: {
            auto* r = v.as<Range>();
            int c = int_compare(r->start, r->stop);
            return fast(int_sign(r->step) > 0 ? c < 0 : c > 0);
        }
        default:
            break;
    }
    int64_t n = fast_length(v);
    if (n >= 0) return fast(n != 0);
    return group_of(v) == Group::Identity ? Fast::True : Fast::Unhandled;
}

int compare_int_float(Value i, double d) {
    if (std::isnan(d)) return kUnordered;
    int64_t n;
    if (int_to_int64(i, n)) {
        if (d >= 0x1p63) return -1;
        if (d < -0x1p63) return 1;
        auto whole = int64_t(d);  // towards zero
        if (n != whole) return n < whole ? -1 : 1;
        return compare_doubles(0, d - double(whole));
    }
    IntView v(i);
    int s = v.negative ? -1 : 1;
    if (d == 0 || (d < 0) != v.negative) return s;
    if (std::isinf(d)) return -s;
    // Both have the same sign, |i| >= 2^63: d is whole, or smaller.
    int exponent;
    double fraction = std::frexp(std::fabs(d), &exponent);  // |d| < 2^exponent
    auto bits = int64_t(int_bit_length(i));
    if (bits != exponent) return bits < exponent ? -s : s;
    auto top = uint64_t(std::ldexp(fraction, 64));
    size_t last = v.size - 1;
    int shift = __builtin_clzll(v.limbs[last]);
    uint64_t high = v.limbs[last] << shift;
    uint64_t rest = 0;
    if (last > 0) {
        if (shift) high |= v.limbs[last - 1] >> (64 - shift);
        rest = v.limbs[last - 1] << shift;
        for (size_t k = 0; k + 1 < last; k++) rest |= v.limbs[k];
    }
    if (high != top) return high < top ? -s : s;
    return rest ? s : 0;
}

int64_t small_range_length(const Range* r) {
    if (!r->start.is_int() || !r->stop.is_int() || !r->step.is_int()) return -1;
    int64_t step = r->step.as_int(),
            span = r->stop.as_int() - r->start.as_int();  // 63 bits each: no overflow
    if (step > 0) return span > 0 ? (span - 1) / step + 1 : 0;
    return span < 0 ? (span + 1) / step + 1 : 0;
}

int64_t fast_length(Value v) {
    if (!v.is_object()) return -1;
    switch (v.as_object()->shape) {
        case kShapeStr:
            return v.as<Str>()->length;
        case kShapeBytes:
            return int64_t(v.as<Bytes>()->size);
        case kShapeByteArray:
            return int64_t(v.as<ByteArray>()->size);
        case kShapeTuple:
            return int64_t(v.as<Tuple>()->size);
        case kShapeList:
            return int64_t(v.as<List>()->size);
        case kShapeDict:
            return v.as<Dict>()->table->live;
        case kShapeSet:
        case kShapeFrozenSet:
            return v.as<Set>()->table->live;
        case kShapeRange:
            return small_range_length(v.as<Range>());
        case kShapeDictKeys:
        case kShapeDictValues:
        case kShapeDictItems:
            return v.as<DictView>()->dict->table->live;
        default:
            return -1;
    }
}

}  // namespace gen
