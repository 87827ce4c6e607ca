// _random: the Mersenne Twister MT19937 (Matsumoto and Nishimura), with the seeding and the numbers of CPython. Its state is
// a bytearray of the script's, so that it is saved, copied and collected like any other value.
#include "runtime/modules/modules.h"
#include "runtime/modules/sha512.h"
#include "runtime/types/support.h"

#include <cstring>

namespace gen {

namespace {

constexpr uint32_t kWords = 624, kMiddle = 397;

struct Twister {
    uint32_t words[kWords];
    uint32_t index;

    void start(uint32_t seed) {
        words[0] = seed;
        for (uint32_t i = 1; i < kWords; i++)
            words[i] = 1812433253u * (words[i - 1] ^ (words[i - 1] >> 30)) + i;
        index = kWords;
    }
    void start(const uint32_t* key, size_t length) {
        start(19650218u);
        size_t i = 1, j = 0;
        auto step = [&](uint32_t multiplier, uint32_t sum) {
            words[i] = (words[i] ^ ((words[i - 1] ^ (words[i - 1] >> 30)) * multiplier)) + sum;
            if (++i == kWords) {
                words[0] = words[kWords - 1];
                i = 1;
            }
        };
        for (size_t n = std::max<size_t>(kWords, length); n > 0; n--) {
            step(1664525u, key[j] + uint32_t(j));
            if (++j == length) j = 0;
        }
        for (size_t n = kWords - 1; n > 0; n--) step(1566083941u, 0u - uint32_t(i));
        words[0] = 0x80000000u;
    }
    void refill() {
        for (uint32_t i = 0; i < kWords; i++) {
            uint32_t y = (words[i] & 0x80000000u) | (words[(i + 1) % kWords] & 0x7fffffffu);
            words[i] = words[(i + kMiddle) % kWords] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0u);
        }
        index = 0;
    }
    uint32_t next() {
        if (index >= kWords) refill();
        uint32_t y = words[index++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        return y ^ (y >> 18);
    }
    double real() {  // 53 bits, in [0, 1)
        uint32_t a = next() >> 5, b = next() >> 6;
        return (a * 67108864.0 + b) * (1.0 / 9007199254740992.0);
    }
    uint64_t bits(unsigned count) {  // 1..64, the first word lowest
        if (count <= 32) return next() >> (32 - count);
        uint64_t low = next();
        return low | uint64_t(next() >> (64 - count)) << 32;
    }
};

Twister* twister_of(VM& vm, Value v) {
    if (v.is_object() && v.as_object()->kind == Kind::ByteArray && v.as<ByteArray>()->size == sizeof(Twister))
        return reinterpret_cast<Twister*>(v.as<ByteArray>()->buffer->data);
    vm.type_error("not the state of a random number generator");
    return nullptr;
}

Outcome random_state(VM& vm, Value*) {  // a new one, all zero: to be seeded
    auto* b = vm.heap.make<ByteArray>(Kind::ByteArray, kShapeByteArray);
    b->buffer = nullptr;
    b->size = b->exports = 0;
    auto* buffer = vm.heap.make<Blob>(Kind::Blob, kShapeInternal, sizeof(Blob) + sizeof(Twister));
    if (!buffer) return vm.out_of_memory();
    buffer->size = sizeof(Twister);
    std::memset(buffer->data, 0, sizeof(Twister));
    b->buffer = buffer;
    b->size = sizeof(Twister);
    return Value::object(b);
}

Outcome random_seed(VM& vm, Value* args) {  // state, int: its magnitude counts
    Twister* t = twister_of(vm, args[0]);
    if (!t) return Outcome::raised();
    if (!is_int_like(args[1])) return vm.type_error("an int is required");
    IntView view(args[1]);
    std::vector<uint32_t> key;
    for (size_t i = 0; i < view.size; i++) {
        key.push_back(uint32_t(view.limbs[i]));
        key.push_back(uint32_t(view.limbs[i] >> 32));
    }
    while (key.size() > 1 && key.back() == 0) key.pop_back();
    if (key.empty()) key.push_back(0);
    charge(vm, key.size() / 8);
    t->start(key.data(), key.size());
    return Value::none();
}

Outcome random_random(VM& vm, Value* args) {
    Twister* t = twister_of(vm, args[0]);
    return t ? Outcome(vm.real(t->real())) : Outcome::raised();
}

Outcome random_getrandbits(VM& vm, Value* args) {
    Twister* t = twister_of(vm, args[0]);
    if (!t) return Outcome::raised();
    int64_t count = 0;
    Outcome failure = Outcome::raised();
    if (!get_c_int(vm, args[1], count, failure)) return failure;
    if (count < 0) return vm.value_error("number of bits must be non-negative");
    if (count == 0) return Value::integer(0);
    if (count <= 64) return vm.checked(make_uint(vm.heap, t->bits(unsigned(count))));
    size_t limbs = size_t(count + 63) / 64;
    if (!vm.heap.reserve(8 * limbs + sizeof(Int))) return vm.no_room();
    Int* n = new_int(vm.heap, limbs);
    if (!n) return vm.out_of_memory();
    charge(vm, limbs);
    for (size_t i = 0; i < limbs; i++, count -= 64)
        n->limbs[i] = t->bits(unsigned(std::min<int64_t>(count, 64)));
    return vm.checked(finish_int(vm.heap, n, limbs, false));
}

// A number below n, each as likely: bits are drawn until they are below.
Outcome random_below(VM& vm, Value* args) {
    Twister* t = twister_of(vm, args[0]);
    if (!t) return Outcome::raised();
    if (!is_int_like(args[1])) return vm.type_error("an int is required");
    int sign = int_sign(args[1]);
    if (sign <= 0) return Value::integer(0);
    uint64_t width = int_bit_length(args[1]), n;
    if (int_to_uint64(args[1], n)) {
        uint64_t r;
        do r = t->bits(unsigned(width));
        while (r >= n);
        return vm.checked(make_uint(vm.heap, r));
    }
    if (width > INT32_MAX) return vm.raise(kShapeOverflowError, "Python int too large to convert to C int");
    for (;;) {
        Value draw[2] = {args[0], Value::integer(int64_t(width))};
        Outcome r = random_getrandbits(vm, draw);
        if (!r.is_value() || int_compare(r.value(), args[1]) < 0) return r;
    }
}

Outcome random_getstate(VM& vm, Value* args) {
    Twister* t = twister_of(vm, args[0]);
    if (!t) return Outcome::raised();
    Value words[kWords + 1];
    for (uint32_t i = 0; i < kWords; i++) words[i] = Value::integer(t->words[i]);
    words[kWords] = Value::integer(t->index);
    Tuple* state = make_tuple(vm.heap, words, kWords + 1);
    return state ? Outcome(Value::object(state)) : vm.out_of_memory();
}

Outcome random_setstate(VM& vm, Value* args) {  // state, tuple
    Twister* t = twister_of(vm, args[0]);
    if (!t) return Outcome::raised();
    if (!is_tuple(args[1])) return vm.type_error("state vector must be a tuple");
    auto* state = args[1].as<Tuple>();
    if (state->size != kWords + 1) return vm.value_error("state vector is the wrong size");
    Twister fresh;
    for (uint32_t i = 0; i <= kWords; i++) {
        if (!is_int_like(state->items[i]))
            return vm.type_error("an integer is required (got type %s)", vm.type_name(state->items[i]));
        if (int_sign(state->items[i]) < 0)
            return vm.raise(kShapeOverflowError, "can't convert negative value to unsigned int");
        int64_t word = int_clamp(state->items[i]);
        if (i == kWords && word > kWords) return vm.value_error("invalid state");
        (i == kWords ? fresh.index : fresh.words[i]) = uint32_t(word);
    }
    *t = fresh;
    return Value::none();
}

Outcome random_digest(VM& vm, Value* args) {  // SHA-512, which spreads a seed of text over all bits
    std::string_view data;
    std::string scratch;
    if (!view_bytes(vm, args[0], data, scratch))
        return vm.type_error("a bytes-like object is required, not '%s'", vm.type_name(args[0]));
    charge(vm, data.size() / 16);
    auto digest = sha512(data);
    return Value::object(make_bytes(vm.heap, digest.data(), digest.size()));
}

const NativeDef kRandomFunctions[] = {
    {.signature = "new_state()", .fn = random_state},
    {.signature = "seed(state, n, /)", .fn = random_seed},
    {.signature = "random(state, /)", .fn = random_random},
    {.signature = "getrandbits(state, k, /)", .fn = random_getrandbits, .step = step_with_index},
    {.signature = "below(state, n, /)", .fn = random_below},
    {.signature = "getstate(state, /)", .fn = random_getstate},
    {.signature = "setstate(state, value, /)", .fn = random_setstate},
    {.signature = "sha512(data, /)", .fn = random_digest},
};

}  // namespace

const ModuleDef kRandomModule = {
    .name = "_random", .functions = kRandomFunctions, .doc = "The Mersenne Twister; see the module random."};

}  // namespace gen
