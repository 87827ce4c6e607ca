#include "runtime/modules/sha512.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace gen {

namespace {

// The first 64 bits of the fractional parts of the cube roots of the first 80 primes, and of the square roots of the first 8:
// found by bisection on exact products, as the standard defines them.
struct Constants {
    uint64_t round[80], start[8];

    static unsigned __int128 floor_root(unsigned prime, int power) {  // floor(prime^(1/power) * 2^64)
        unsigned __int128 low = 0, high = static_cast<unsigned __int128>(32) << 64;
        while (high - low > 1) {
            unsigned __int128 middle = low + (high - low) / 2;
            (not_above(middle, prime, power) ? low : high) = middle;
        }
        return low;
    }
    // x^power <= prime * 2^(64*power), in 32-bit digits.
    static bool not_above(unsigned __int128 x, unsigned prime, int power) {
        uint32_t digits[16] = {1}, factor[4];
        for (int i = 0; i < 4; i++) factor[i] = uint32_t(x >> (32 * i));
        for (int p = 0; p < power; p++) {
            uint32_t product[16] = {};
            for (int i = 0; i < 12; i++) {
                uint64_t carry = 0;
                for (int j = 0; j < 4; j++) {
                    carry += uint64_t(digits[i]) * factor[j] + product[i + j];
                    product[i + j] = uint32_t(carry);
                    carry >>= 32;
                }
                if (i + 4 < 16) product[i + 4] += uint32_t(carry);
            }
            std::memcpy(digits, product, sizeof digits);
        }
        uint32_t limit[16] = {};
        limit[2 * power] = prime;
        for (int i = 15; i >= 0; i--)
            if (digits[i] != limit[i]) return digits[i] < limit[i];
        return true;
    }
    Constants() {
        int found = 0;
        for (unsigned n = 2; found < 80; n++) {
            bool prime = true;
            for (unsigned d = 2; d * d <= n; d++) prime &= n % d != 0;
            if (!prime) continue;
            round[found] = uint64_t(floor_root(n, 3));
            if (found < 8) start[found] = uint64_t(floor_root(n, 2));
            found++;
        }
    }
};

uint64_t choose(uint64_t x, uint64_t y, uint64_t z) { return (x & y) ^ (~x & z); }
uint64_t majority(uint64_t x, uint64_t y, uint64_t z) { return (x & y) ^ (x & z) ^ (y & z); }
uint64_t mix(uint64_t x, int a, int b, int c) { return std::rotr(x, a) ^ std::rotr(x, b) ^ std::rotr(x, c); }
uint64_t spread(uint64_t x, int a, int b, int shift) {
    return std::rotr(x, a) ^ std::rotr(x, b) ^ (x >> shift);
}

void add_block(const Constants& k, uint64_t (&h)[8], const uint8_t* block) {
    uint64_t w[80];
    for (int i = 0; i < 16; i++) {
        w[i] = 0;
        for (int j = 0; j < 8; j++) w[i] = w[i] << 8 | block[8 * i + j];
    }
    for (int i = 16; i < 80; i++)
        w[i] = spread(w[i - 2], 19, 61, 6) + w[i - 7] + spread(w[i - 15], 1, 8, 7) + w[i - 16];
    uint64_t v[8];
    std::memcpy(v, h, sizeof v);
    for (int i = 0; i < 80; i++) {
        uint64_t t1 = v[7] + mix(v[4], 14, 18, 41) + choose(v[4], v[5], v[6]) + k.round[i] + w[i];
        uint64_t t2 = mix(v[0], 28, 34, 39) + majority(v[0], v[1], v[2]);
        for (int j = 7; j > 0; j--) v[j] = v[j - 1];
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) h[i] += v[i];
}

}  // namespace

std::array<uint8_t, 64> sha512(std::string_view data) {
    static const Constants constants;
    uint64_t h[8];
    std::memcpy(h, constants.start, sizeof h);
    const auto* bytes = reinterpret_cast<const uint8_t*>(data.data());
    size_t whole = data.size() / 128 * 128;
    for (size_t at = 0; at < whole; at += 128) add_block(constants, h, bytes + at);
    uint8_t last[256] = {};
    size_t rest = data.size() - whole;
    if (rest) std::memcpy(last, bytes + whole, rest);
    last[rest] = 0x80;
    size_t end = rest < 112 ? 128 : 256;
    for (int i = 0; i < 8; i++) last[end - 1 - i] = uint8_t(uint64_t(data.size()) * 8 >> (8 * i));
    for (size_t at = 0; at < end; at += 128) add_block(constants, h, last + at);
    std::array<uint8_t, 64> digest;
    for (int i = 0; i < 64; i++) digest[i] = uint8_t(h[i / 8] >> (56 - 8 * (i % 8)));
    return digest;
}

}  // namespace gen
