// The parts of the module math, by file.
#pragma once
#include "runtime/types/arguments.h"
#include "runtime/types/support.h"

namespace gen {

// ---- math_integer.cpp
Outcome math_floor(VM&, Value* args);
Outcome math_floor_step(VM&, NativeFrame&);
Outcome math_ceil(VM&, Value* args);
Outcome math_ceil_step(VM&, NativeFrame&);
Outcome math_trunc(VM&, Value* args);
Outcome math_factorial(VM&, Value* args);
Outcome math_comb(VM&, Value* args);
Outcome math_perm(VM&, Value* args);
Outcome math_isqrt(VM&, Value* args);
Outcome math_gcd(VM&, NativeFrame&);
Outcome math_lcm(VM&, NativeFrame&);

#define GEN_MATH_INTEGER_FUNCTIONS                                                                           \
    {.signature = "floor(x, /)",                                                                             \
     .fn = math_floor,                                                                                       \
     .step = math_floor_step,                                                                                \
     .doc = "Return the floor of x as an Integral.\n\nThis is the largest integer <= x."},                   \
        {.signature = "ceil(x, /)",                                                                          \
         .fn = math_ceil,                                                                                    \
         .step = math_ceil_step,                                                                             \
         .doc = "Return the ceiling of x as an Integral.\n\nThis is the smallest integer >= x."},            \
        {.signature = "trunc(x, /)",                                                                         \
         .fn = math_trunc,                                                                                   \
         .doc = "Truncates the Real x to the nearest Integral toward 0."},                                   \
        {.signature = "factorial(n, /)",                                                                     \
         .fn = math_factorial,                                                                               \
         .step = step_with_index_all,                                                                        \
         .locals = 1,                                                                                        \
         .doc = "Find n!."},                                                                                 \
        {.signature = "comb(n, k, /)",                                                                       \
         .fn = math_comb,                                                                                    \
         .step = step_with_index_all,                                                                        \
         .locals = 1,                                                                                        \
         .doc = "Number of ways to choose k items from n items without repetition and without order."},      \
        {.signature = "perm(n, k=None, /)",                                                                  \
         .fn = math_perm,                                                                                    \
         .step = step_with_index_all,                                                                        \
         .locals = 1,                                                                                        \
         .doc = "Number of ways to choose k items from n items without repetition and with order."},         \
        {.signature = "isqrt(n, /)",                                                                         \
         .fn = math_isqrt,                                                                                   \
         .step = step_with_index_all,                                                                        \
         .locals = 1,                                                                                        \
         .doc = "Return the integer part of the square root of the input."},                                 \
        {.signature = "gcd(*integers)", .step = math_gcd, .locals = 2, .doc = "Greatest Common Divisor."}, { \
        .signature = "lcm(*integers)", .step = math_lcm, .locals = 2, .doc = "Least Common Multiple."        \
    }

// ---- math_sum.cpp
Outcome math_fsum(VM&, NativeFrame&);
Outcome math_prod(VM&, NativeFrame&);
Outcome math_hypot(VM&, NativeFrame&);
Outcome math_dist(VM&, NativeFrame&);

#define GEN_MATH_SUM_FUNCTIONS                                                       \
    {.signature = "fsum(seq, /)",                                                    \
     .step = math_fsum,                                                              \
     .locals = 2,                                                                    \
     .flags = kConsumes,                                                             \
     .doc = "Return an accurate floating point sum of values in the iterable seq."}, \
        {.signature = "prod(iterable, /, *, start=1)",                               \
         .step = math_prod,                                                          \
         .locals = 1,                                                                \
         .flags = kConsumes,                                                         \
         .doc = "Calculate the product of all the elements in the input iterable."}, \
        {.signature = "hypot(*coordinates)",                                         \
         .step = math_hypot,                                                         \
         .locals = 2,                                                                \
         .doc = "Multidimensional Euclidean distance from the origin to a point."},  \
    {                                                                                \
        .signature = "dist(p, q, /)", .step = math_dist, .locals = 3,                \
        .doc = "Return the Euclidean distance between two points p and q."           \
    }

}  // namespace gen
