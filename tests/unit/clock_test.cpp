// Clocks that are not the machine's, and identities that are no addresses.
#include "runtime/host/virtual_clock.h"

#include <gtest/gtest.h>

#include <thread>

#include "vm/exec/vm.h"

using namespace gen;

namespace {
constexpr int64_t kHour = 3'600'000'000'000;
}

TEST(VirtualClock, JumpsToTheDeadlineAndNeverBack) {
    VirtualClock clock(5, 100);
    EXPECT_TRUE(clock.is_virtual());
    EXPECT_EQ(clock.now(), 5);
    clock.wait_until(5 + kHour);
    EXPECT_EQ(clock.now(), 5 + kHour);
    EXPECT_DOUBLE_EQ(clock.wall(), 3700);
    clock.wait_until(7);
    EXPECT_EQ(clock.now(), 5 + kHour);
}

TEST(VirtualClock, WhoSpinsSeesTimePass) {
    VirtualClock clock(0, 0);
    for (int i = 0; i < 10'000; i++) clock.now();
    EXPECT_EQ(clock.now(), 1000);
    EXPECT_EQ(clock.now(), 2000);
    clock.wait_until(5000);
    EXPECT_EQ(clock.now(), 5000);
    EXPECT_EQ(clock.now(), 5000);
}

TEST(VirtualClock, BeginsAtAFixedTimeWithASeed) {
    auto a = make_virtual_clock(1), b = make_virtual_clock(2);
    EXPECT_EQ(a->now(), b->now());
    EXPECT_EQ(a->wall(), 1'577'836'800);
    EXPECT_GT(make_virtual_clock({})->wall(), a->wall());
}

TEST(ManualClock, MovesWhenItIsToldTo) {
    ManualClock clock(5, 10);
    EXPECT_TRUE(clock.is_manual());
    EXPECT_FALSE(clock.is_virtual());
    std::thread host([&] {
        for (int i = 0; i < 5; i++) clock.advance(100);
    });
    host.join();
    clock.wait_until(1000);
    EXPECT_EQ(clock.now(), 505);
    EXPECT_DOUBLE_EQ(clock.wall(), 10 + 500e-9);
    EXPECT_EQ(make_manual_clock(1)->wall(), 1'577'836'800);
}

TEST(Identities, AreSerialNumbersOfLiveObjects) {
    VM a(7), b(7), c(8), plain;
    auto key = [](VM& vm) { return std::pair{vm.hash_key.k0, vm.hash_key.k1}; };
    EXPECT_EQ(key(a), key(b));
    EXPECT_NE(key(a), key(c));
    EXPECT_EQ(plain.hash_key.identities, nullptr);

    Value x = a.str("a text of its own"), y = a.str("another");
    uint64_t first = identity_of(a.hash_key, x), second = identity_of(a.hash_key, y);
    EXPECT_EQ(second, first + 16);
    EXPECT_EQ(identity_of(a.hash_key, x), first);
    EXPECT_EQ(identity_of(b.hash_key, b.str("elsewhere")), first);
    // Without a reference its number goes with it; a new object never gets an old one.
    a.roots.push_back(x);
    a.heap.collect(Heap::Extent::Major);
    EXPECT_EQ(identity_of(a.hash_key, x), first);
    EXPECT_EQ(identity_of(a.hash_key, a.str("a third")), second + 16);
    EXPECT_NE(identity_of(plain.hash_key, plain.str("here")), first);
}
