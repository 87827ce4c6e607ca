// _struct: what struct does to values of the usual types. Whatever needs the script's own conversions, or is an
// error, is answered by None, and left to struct.gen.
#include "runtime/modules/modules.h"
#include "runtime/types/support.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace gen {

namespace {

// An item of a layout, as struct.gen lists them: (code, offset, size).
struct Item {
    char code;
    size_t offset, size;
};

Item item_of(const Tuple* items, uint64_t i) {
    const Value* parts = items->items[i].as<Tuple>()->items;
    return {parts[0].as<Str>()->data()[0], size_t(parts[1].as_int()), size_t(parts[2].as_int())};
}

bool is_signed(char code) { return std::strchr("bhilqn", code) != nullptr; }

void put(uint8_t* at, uint64_t bits, size_t size, bool big) {
    for (size_t i = 0; i < size; i++) at[big ? size - 1 - i : i] = uint8_t(bits >> (8 * i));
}

uint64_t get(const uint8_t* at, size_t size, bool big) {
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++) bits |= uint64_t(at[big ? size - 1 - i : i]) << (8 * i);
    return bits;
}

bool put_int(uint8_t* at, Item item, Value v, bool big) {
    if (!is_int_like(v)) return false;
    if (!is_signed(item.code)) {
        uint64_t bits;
        if (!int_to_uint64(v, bits) || (item.size < 8 && bits >> (8 * item.size))) return false;
        put(at, bits, item.size, big);
        return true;
    }
    int64_t i;
    if (!int_to_int64(v, i)) return false;
    if (int64_t top = i >> (8 * item.size - 1); top != 0 && top != -1) return false;
    put(at, uint64_t(i), item.size, big);
    return true;
}

bool put_real(uint8_t* at, Item item, Value v, bool big) {
    bool overflow = false;
    double d;
    if (is_float(v))
        d = as_float(v);
    else if (is_int_like(v))
        d = int_to_double(v, overflow);
    else
        return false;
    if (overflow) return false;
    if (item.code == 'd') {
        put(at, std::bit_cast<uint64_t>(d), 8, big);
        return true;
    }
    auto f = float(d);
    if (item.code == 'e' || (item.code == 'f' && std::isinf(f) && !std::isinf(d))) return false;
    put(at, std::bit_cast<uint32_t>(f), 4, big);
    return true;
}

bool put_text(uint8_t* at, Item item, Value v) {
    std::string_view data;
    if (is_bytes(v))
        data = {reinterpret_cast<const char*>(v.as<Bytes>()->data), v.as<Bytes>()->size};
    else
        return false;
    if (item.code == 'c') {
        if (data.size() != 1) return false;
    } else if (item.code != 's') {
        return false;
    }
    std::memcpy(at, data.data(), std::min(data.size(), item.size));
    return true;
}

// pack(items, size, big, values): bytes, or None.
Outcome struct_pack(VM& vm, Value* args) {
    auto* items = args[0].as<Tuple>();
    auto* values = args[3].as<Tuple>();
    bool big = args[2].is(Value::boolean(true));
    if (items->size != values->size) return Value::none();
    auto size = size_t(args[1].as_int());
    charge(vm, size / 64 + items->size / 8);
    Bytes* result = make_bytes_uninitialized(vm.heap, size);
    if (!result) return vm.out_of_memory();
    std::memset(result->data, 0, size);
    for (uint64_t i = 0; i < items->size; i++) {
        Item item = item_of(items, i);
        uint8_t* at = result->data + item.offset;
        Value v = values->items[i];
        bool done = false;
        switch (item.code) {
            case '?':
                if ((done = v.is_bool())) *at = v.is(Value::boolean(true));
                break;
            case 'c':
            case 's':
            case 'p':
                done = put_text(at, item, v);
                break;
            case 'd':
            case 'e':
            case 'f':
            case 'F':
                done = put_real(at, item, v, big);
                break;
            default:
                done = put_int(at, item, v, big);
        }
        if (!done) return Value::none();
    }
    return Value::object(result);
}

double half_to_double(uint64_t bits) {
    auto exponent = int(bits >> 10 & 31), fraction = int(bits & 1023);
    double d = exponent == 31 ? (fraction ? NAN : INFINITY)
               : exponent     ? std::ldexp(fraction + 1024, exponent - 25)
                              : std::ldexp(fraction, -24);
    return bits >> 15 ? -d : d;
}

Value value_of(VM& vm, Item item, const uint8_t* at, bool big) {
    switch (item.code) {
        case '?':
            return Value::boolean(*at != 0);
        case 'c':
        case 's':
            return Value::object(make_bytes(vm.heap, at, item.size));
        case 'p': {
            size_t n = item.size ? std::min<size_t>(at[0], item.size - 1) : 0;
            return Value::object(make_bytes(vm.heap, at + (item.size ? 1 : 0), n));
        }
        case 'd':
            return vm.real(std::bit_cast<double>(get(at, 8, big)));
        case 'f':
        case 'F':
            return vm.real(std::bit_cast<float>(uint32_t(get(at, 4, big))));
        case 'e':
            return vm.real(half_to_double(get(at, 2, big)));
        default: {
            uint64_t bits = get(at, item.size, big);
            if (!is_signed(item.code)) return make_uint(vm.heap, bits);
            auto unused = unsigned(64 - 8 * item.size);
            return make_int(vm.heap, int64_t(bits << unused) >> unused);
        }
    }
}

// unpack(items, size, big, data, start): a tuple. The caller has seen that data is long enough.
Outcome struct_unpack(VM& vm, Value* args) {
    auto* items = args[0].as<Tuple>();
    auto size = size_t(args[1].as_int());
    bool big = args[2].is(Value::boolean(true));
    std::string_view data;
    std::string scratch;
    if (!view_bytes(vm, args[3], data, scratch))
        return vm.type_error("a bytes-like object is required, not '%s'", vm.type_name(args[3]));
    auto start = size_t(args[4].as_int());
    if (start > data.size() || data.size() - start < size)
        return vm.value_error("the data is shorter than the layout");
    charge(vm, size / 64 + items->size / 8);
    Tuple* result = make_tuple(vm.heap, items->size);
    if (!result) return vm.out_of_memory();
    for (uint64_t i = 0; i < items->size; i++) {
        Item item = item_of(items, i);
        Value v =
            value_of(vm, item, reinterpret_cast<const uint8_t*>(data.data()) + start + item.offset, big);
        if (v.is_unbound()) return vm.out_of_memory();
        result->items[i] = v;
    }
    return Value::object(result);
}

const NativeDef kStructFunctions[] = {
    {.signature = "pack(items, size, big, values, /)", .fn = struct_pack},
    {.signature = "unpack(items, size, big, data, start, /)", .fn = struct_unpack},
};

}  // namespace

const ModuleDef kStructModule = {
    .name = "_struct", .functions = kStructFunctions, .doc = "The inner loops of the module struct."};

}  // namespace gen
