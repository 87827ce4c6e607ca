// Functions of math over many values: fsum, prod, hypot, dist.
#include "runtime/modules/math_functions.h"

#include <cmath>

namespace gen {

// Takes the items of a list as floats, one after the other. Registers: list at `list`, index at `index`.
// Items that are floats already, or ints, stay what they are until the end.
static bool next_item_to_convert(VM& vm, NativeFrame& frame, size_t list, size_t index) {
    auto* items = frame[list].as<List>();
    for (; uint64_t(frame[index].as_int()) < items->size;
         frame[index] = Value::integer(frame[index].as_int() + 1)) {
        Value v = items->items->items[frame[index].as_int()];
        if (!is_float(v) && !is_int_like(v)) return true;
    }
    (void)vm;
    return false;
}

// float(v), for values that have a way to be one: "must be real number, not str".
static Outcome to_float(VM& vm, Value v) {
    if (is_str(v) || is_bytes_like(v) ||
        (vm.special(v, Special::Float).is_unbound() && vm.special(v, Special::Index).is_unbound()))
        return vm.type_error("must be real number, not %s", vm.type_name(v));
    return vm.call(Value::object(vm.type(kShapeFloat)), {v});
}

// The list's items as doubles; false: raised.
static bool doubles(VM& vm, List* list, std::vector<double>& out) {
    out.reserve(list->size);
    for (size_t i = 0; i < list->size; i++) {
        double d;
        Outcome failure = Outcome::raised();
        if (!get_real(vm, list->items->items[i], d, failure)) return false;
        out.push_back(d);
    }
    return true;
}

// ---- fsum: partial sums that do not overlap, so that nothing is lost

static Outcome exact_sum(VM& vm, const std::vector<double>& values) {
    std::vector<double> partials;
    double special = 0, infinities = 0;
    for (double value : values) {
        double x = value;
        size_t kept = 0;
        for (double y : partials) {
            if (std::fabs(x) < std::fabs(y)) std::swap(x, y);
            double high = x + y, low = y - (high - x);
            if (low != 0) partials[kept++] = low;
            x = high;
        }
        partials.resize(kept);
        if (x == 0) continue;
        if (!std::isfinite(x)) {
            if (std::isfinite(value)) return vm.raise(kShapeOverflowError, "intermediate overflow in fsum");
            if (std::isinf(value)) infinities += value;
            special += value;
            partials.clear();
        } else {
            partials.push_back(x);
        }
    }
    if (special != 0) {
        if (std::isnan(infinities)) return vm.raise(kShapeValueError, "-inf + inf in fsum");
        return vm.real(special);
    }
    if (partials.empty()) return vm.real(0);
    double high = partials.back(), low = 0;
    size_t n = partials.size() - 1;
    while (n > 0) {
        double x = high, y = partials[--n];
        high = x + y;
        low = y - (high - x);
        if (low != 0) break;
    }
    // Half-way cases are decided by what is left below.
    if (n > 0 && ((low < 0 && partials[n - 1] < 0) || (low > 0 && partials[n - 1] > 0))) {
        double twice = low * 2, x = high + twice;
        if (twice == x - high) high = x;
    }
    return vm.real(high);
}

Outcome math_fsum(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kList = 1, kFloat };
    switch (frame.step_state()) {
        case 0:
            AWAIT(kList, op_list(vm, frame[0]))
            frame[1] = frame.result();
            frame[2] = Value::integer(0);
            while (next_item_to_convert(vm, frame, 1, 2)) {
                AWAIT(kFloat, to_float(vm, frame[1].as<List>()->items->items[frame[2].as_int()]))
                list_set(vm.heap, frame[1].as<List>(), size_t(frame[2].as_int()), frame.result());
            }
            {
                std::vector<double> values;
                if (!doubles(vm, frame[1].as<List>(), values)) return Outcome::raised();
                charge(vm, values.size());
                return exact_sum(vm, values);
            }
    }
    return Outcome::raised();
}

// ---- prod. Registers: iterable, start (the product so far), iterator.

Outcome math_prod(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kIterator = 1, kItem, kPaused, kProduct };
    switch (frame.step_state()) {
        case 0:
            if (frame[1].is_unbound()) frame[1] = Value::integer(1);
            AWAIT(kIterator, op_iter(vm, frame[0]))
            frame[2] = frame.result();
            for (;;) {
                PAUSE(kPaused)
                AWAIT(kItem, op_next(vm, frame[2]))
                if (frame.result().is_unbound()) return frame[1];
                AWAIT(kProduct, op_binary(vm, BinaryOp::Mul, frame[1], frame.result()))
                frame[1] = frame.result();
            }
    }
    return Outcome::raised();
}

// ---- hypot, dist: scaled by the largest, summed in extended precision

static Outcome norm(VM& vm, const std::vector<double>& coordinates) {
    double largest = 0;
    bool nan = false;
    for (double d : coordinates) {
        if (std::isinf(d)) return vm.real(INFINITY);
        nan = nan || std::isnan(d);
        largest = std::max(largest, std::fabs(d));
    }
    if (nan) return vm.real(NAN);
    if (largest == 0 || coordinates.size() == 1) return vm.real(largest);
    int exponent;
    std::frexp(largest, &exponent);
    long double sum = 0;
    for (double d : coordinates) {
        long double scaled = std::ldexp(static_cast<long double>(d), -exponent);
        sum += scaled * scaled;
    }
    return vm.real(double(std::ldexp(std::sqrt(sum), exponent)));
}

// The coordinates at register `list` as floats: registers `list` and `list + 1` (index).
#define GEN_CONVERT_ITEMS(state, list)                                                               \
    frame[list + 1] = Value::integer(0);                                                             \
    while (next_item_to_convert(vm, frame, list, list + 1)) {                                        \
        AWAIT(state, to_float(vm, frame[list].as<List>()->items->items[frame[list + 1].as_int()]))   \
        list_set(vm.heap, frame[list].as<List>(), size_t(frame[list + 1].as_int()), frame.result()); \
    }

Outcome math_hypot(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kFloat = 1 };
    switch (frame.step_state()) {
        case 0:
            frame[1] =
                Value::object(make_list(vm.heap, frame[0].as<Tuple>()->items, frame[0].as<Tuple>()->size));
            GEN_CONVERT_ITEMS(kFloat, 1) {
                std::vector<double> values;
                return doubles(vm, frame[1].as<List>(), values) ? norm(vm, values) : Outcome::raised();
            }
    }
    return Outcome::raised();
}

// Registers: p, q, coordinates of p, coordinates of q (p's index until then), index.
Outcome math_dist(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kP = 1, kQ, kFloatP, kFloatQ };
    switch (frame.step_state()) {
        case 0:
            AWAIT(kP, op_list(vm, frame[0]))
            frame[2] = Value::object(
                make_list(vm.heap, frame.result().as<List>()->items->items, frame.result().as<List>()->size));
            GEN_CONVERT_ITEMS(kFloatP, 2)
            AWAIT(kQ, op_list(vm, frame[1]))
            frame[3] = Value::object(
                make_list(vm.heap, frame.result().as<List>()->items->items, frame.result().as<List>()->size));
            GEN_CONVERT_ITEMS(kFloatQ, 3) {
                std::vector<double> p, q;
                if (!doubles(vm, frame[2].as<List>(), p) || !doubles(vm, frame[3].as<List>(), q))
                    return Outcome::raised();
                if (p.size() != q.size())
                    return vm.raise(kShapeValueError, "both points must have the same number of dimensions");
                for (size_t i = 0; i < p.size(); i++) p[i] -= q[i];
                return norm(vm, p);
            }
    }
    return Outcome::raised();
}

}  // namespace gen
