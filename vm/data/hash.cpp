#include "vm/data/hash.h"

#include "vm/data/float.h"
#include "vm/data/int.h"
#include "vm/data/string.h"

#include <bit>
#include <cmath>

namespace gen {

namespace {

constexpr int kHashDepth = 64;
constexpr int kHashBudget = 100'000;

struct Sip {
    uint64_t v0, v1, v2, v3;
    static uint64_t rotate(uint64_t x, int b) { return (x << b) | (x >> (64 - b)); }
    void round() {
        v0 += v1;
        v1 = rotate(v1, 13);
        v1 ^= v0;
        v0 = rotate(v0, 32);
        v2 += v3;
        v3 = rotate(v3, 16);
        v3 ^= v2;
        v0 += v3;
        v3 = rotate(v3, 21);
        v3 ^= v0;
        v2 += v1;
        v1 = rotate(v1, 17);
        v1 ^= v2;
        v2 = rotate(v2, 32);
    }
};

// The last n < 8 bytes, the first of them lowest; `after_word`: 8 more before them can be read.
uint64_t tail(const uint8_t* p, size_t n, bool after_word) {
    if constexpr (std::endian::native == std::endian::little) {
        auto load = [](auto whole, const uint8_t* from) {
            std::memcpy(&whole, from, sizeof whole);
            return uint64_t(whole);
        };
        if (n == 0) return 0;
        if (after_word) return load(uint64_t{}, p + n - 8) >> (64 - 8 * n);
        if (n >= 4) return load(uint32_t{}, p) | load(uint32_t{}, p + n - 4) << (8 * (n - 4));
        if (n >= 2) return load(uint16_t{}, p) | load(uint16_t{}, p + n - 2) << (8 * (n - 2));
        return *p;
    }
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++) bytes |= uint64_t(p[i]) << (8 * i);
    return bytes;
}

uint64_t hash_constant(Value v) {
    if (v.is_bool()) return v.is_true();
    return 0x5b3f0a17u + v.bits() * 0x9e3779b97f4a7c15u;
}

bool hash_within(const FastHash& how, Value v, uint64_t& out, int depth, int& budget);

bool hash_tuple(const FastHash& how, const Tuple* t, uint64_t& out, int depth, int& budget) {
    if (depth == 0) return false;
    TupleHash h;
    for (size_t i = 0; i < t->size; i++) {
        uint64_t item;
        if (!hash_within(how, t->items[i], item, depth - 1, budget)) return false;
        h.add(item);
    }
    out = h.finish(t->size);
    return true;
}

// Equal ranges may be spelled in many ways; what they have in common is whether they are empty, and their
// start.
uint64_t hash_range(const Range* r) {
    int order = int_compare(r->start, r->stop);
    bool empty = int_sign(r->step) > 0 ? order >= 0 : order <= 0;
    TupleHash h;
    h.add(empty);
    if (!empty) h.add(int_hash(r->start));
    return h.finish(2);
}

bool hash_within(const FastHash& how, Value v, uint64_t& out, int depth, int& budget) {
    if (--budget < 0) return false;
    if (v.is_int()) {
        out = int_hash(v);
        return true;
    }
    if (v.is_inline_float()) {
        out = float_hash(v.as_inline_float());
        return true;
    }
    if (!v.is_object()) {
        out = hash_constant(v);
        return true;
    }
    Object* o = v.as_object();
    switch (o->shape) {
        case kShapeStr:
            out = hash_str(how.key, static_cast<Str*>(o));
            return true;
        case kShapeInt:
            out = int_hash(v);
            return true;
        case kShapeFloat:
            out = float_hash(static_cast<Float*>(o)->value);
            if (std::isnan(static_cast<Float*>(o)->value))
                out = hash_identity(identity_of(how.key, v));  // one nan is not another
            return true;
        case kShapeComplex: {
            auto* c = static_cast<Complex*>(o);
            out = float_hash(c->real) + 1000003 * float_hash(c->imag);
            if (out == ~uint64_t{0}) out = ~uint64_t{1};
            return true;
        }
        case kShapeBytes:
            out = hash_bytes(how.key, static_cast<Bytes*>(o));
            return true;
        case kShapeTuple:
            return hash_tuple(how, static_cast<Tuple*>(o), out, depth, budget);
        case kShapeFrozenSet:
            out = hash_frozenset(static_cast<Set*>(o));
            return true;
        case kShapeRange:
            out = hash_range(static_cast<Range*>(o));
            return true;
        default:
            return how.object && how.object(how.context, o, out);
    }
}

}  // namespace

uint64_t siphash13(const HashKey& key, const void* data, size_t size) {
    Sip s{key.k0 ^ 0x736f6d6570736575u, key.k1 ^ 0x646f72616e646f6du, key.k0 ^ 0x6c7967656e657261u,
          key.k1 ^ 0x7465646279746573u};
    auto* p = static_cast<const uint8_t*>(data);
    size_t words = size / 8;
    for (size_t i = 0; i < words; i++, p += 8) {
        uint64_t m;
        std::memcpy(&m, p, 8);
        s.v3 ^= m;
        s.round();
        s.v0 ^= m;
    }
    const uint64_t last = uint64_t(size) << 56 | tail(p, size % 8, size >= 8);
    s.v3 ^= last;
    s.round();
    s.v0 ^= last;
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++) s.round();
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t hash_bytes(const HashKey& key, Bytes* b) {
    if (b->hash) return b->hash;
    uint64_t h = siphash13(key, b->data, b->size);
    if (h == 0 || h == ~uint64_t{0}) h = 0x9e3779b97f4a7c15u;
    return b->hash = h;
}

bool fast_hash_slow(const FastHash& how, Value v, uint64_t& out) {
    int budget = kHashBudget;
    return hash_within(how, v, out, kHashDepth, budget);
}

uint64_t hash_frozenset(Set* s) {
    if (s->hash) return s->hash;
    uint64_t h = 0;
    const DictTable* t = s->table;
    for (uint32_t i = 0; i < t->used; i++)
        if (!t->entries[i].key.is_unbound()) {
            uint64_t e = t->entries[i].hash;
            h ^= ((e ^ 89869747u) ^ (e << 16)) * 3644798167u;
        }
    h ^= (uint64_t(t->live) + 1) * 1927868237u;
    h ^= (h >> 11) ^ (h >> 25);
    h = h * 69069u + 907133923u;
    if (h == ~uint64_t{0}) h = 590923713u;
    return s->hash = h;
}

}  // namespace gen
