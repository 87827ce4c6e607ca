// Arithmetic on arrays of 64-bit limbs, least significant first: GMP's mpn kernels where there is GMP, else
// plain ones. Internal to vm/data; numbers are magnitudes, sizes are in limbs and greater than 0 unless said
// otherwise.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gen::limbs {

using Limb = uint64_t;

// Scratch memory outside the heap, for the length of one operation. data() is null when there is none.
class Scratch {
  public:
    explicit Scratch(size_t limbs);
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    Limb* data() const { return data_; }
    explicit operator bool() const { return data_; }

  private:
    Limb* data_;
    Limb small_[64];
};

// The size without leading zeros; may be 0.
inline size_t normal_size(const Limb* a, size_t n) {
    while (n && !a[n - 1]) n--;
    return n;
}
// -1, 0, 1; operands in normal form.
int compare(const Limb* a, size_t an, const Limb* b, size_t bn);
// out[an] = a + b, answers the carry; an >= bn >= 0; out may be a or b.
Limb add(Limb* out, const Limb* a, size_t an, const Limb* b, size_t bn);
Limb add_1(Limb* out, const Limb* a, size_t an, Limb b);
// out[an] = a - b; a >= b.
void sub(Limb* out, const Limb* a, size_t an, const Limb* b, size_t bn);
void sub_1(Limb* out, const Limb* a, size_t an, Limb b);
// out[an + bn] = a * b; out overlaps neither. False: no memory.
bool mul(Limb* out, const Limb* a, size_t an, const Limb* b, size_t bn);
Limb mul_1(Limb* out, const Limb* a, size_t an, Limb b);  // out[an], answers the limb above
// q[an] = a / d, answers the remainder; q may be a.
Limb divmod_1(Limb* q, const Limb* a, size_t an, Limb d);
// q[an - dn + 1], r[dn]; an >= dn, the top limb of d is not 0; no overlaps. False: no memory.
bool divmod(Limb* q, Limb* r, const Limb* a, size_t an, const Limb* d, size_t dn);
// out[an], answers the bits shifted out at the top; 0 <= bits < 64; out may be a.
Limb shift_left(Limb* out, const Limb* a, size_t an, unsigned bits);
void shift_right(Limb* out, const Limb* a, size_t an, unsigned bits);
uint64_t bit_length(const Limb* a, size_t n);  // in normal form, n may be 0

}  // namespace gen::limbs
