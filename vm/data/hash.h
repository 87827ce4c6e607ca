// Hashing of values. Numbers hash as in CPython (equal numbers of all types alike), tuples and frozensets
// too; str and bytes by SipHash-1-3 under the VM's key, so that a script's input cannot choose collisions.
#pragma once
#include "vm/data/heap.h"
#include "vm/data/identity.h"

namespace gen {

struct HashKey {
    uint64_t k0 = 0, k1 = 0;
    Identities* identities = nullptr;  // null: an object's identity is its address
};

uint64_t siphash13(const HashKey&, const void* data, size_t size);

uint64_t hash_bytes(const HashKey&, Bytes*);  // cached in the object; never 0

// Hashes without calling a script. False: not handled (a class of its own, unhashable, or a structure that is
// deep or large), the caller goes the long way.
struct FastHash {
    const HashKey& key;
    // For objects whose hash is not known here (instances, functions, classes ...): answers false, or their
    // hash when that is decided by identity. May be null.
    bool (*object)(void* context, Object*, uint64_t& out) = nullptr;
    void* context = nullptr;
};
bool fast_hash_slow(const FastHash&, Value, uint64_t& out);
inline bool fast_hash(const FastHash& how, Value v, uint64_t& out) {
    if (v.is_object() && v.as_object()->shape == kShapeStr) {
        if (uint64_t h = v.as<Str>()->hash) {
            out = h;
            return true;
        }
    } else if (v.is_int()) {
        constexpr int64_t kPrime = (int64_t{1} << 61) - 1;
        int64_t i = v.as_int();
        if (i > -1 && i < kPrime) {
            out = uint64_t(i);
            return true;
        }
    }
    return fast_hash_slow(how, v, out);
}
inline bool fast_hash(const HashKey& key, Value v, uint64_t& out) { return fast_hash(FastHash{key}, v, out); }

// What id(), default hashes and reprs are made from.
inline uint64_t identity_of(const HashKey& key, Value v) {
    return key.identities && v.is_object() ? key.identities->of(v.as_object()) : v.bits();
}
inline uint64_t hash_identity(uint64_t identity) { return (identity >> 4) | (identity << 60); }

// For steps that hash the items of a tuple or set one by one (some by calling the script).
struct TupleHash {
    uint64_t state = 2870177450012600261u;
    void add(uint64_t item) {
        state += item * 14029467366897019727u;
        state = (state << 31) | (state >> 33);
        state *= 11400714785074694791u;
    }
    uint64_t finish(size_t size) const {
        uint64_t h = state + (uint64_t(size) ^ (2870177450012600261u ^ 3527539u));
        return h == ~uint64_t{0} ? 1546275796 : h;
    }
};
uint64_t hash_frozenset(Set*);  // from the hashes of the entries; cached in the object

}  // namespace gen
