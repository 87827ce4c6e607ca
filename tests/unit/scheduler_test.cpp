// Fibers without a language around them: natives that sleep, wait in queues and end, on a clock that the test owns.
#include "vm/sched/scheduler.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "vm/exec/define.h"
#include "vm/exec/exec.h"
#include "vm/exec/step.h"

using namespace gen;

namespace {

class TestClock : public Clock {
  public:
    int64_t now() override { return time; }
    double wall() override { return double(time) * 1e-9; }
    void wait_until(int64_t deadline) override {
        waits.push_back(deadline);
        time = deadline;
    }
    void interrupt() override {}
    int64_t time = 1000;
    std::vector<int64_t> waits;
};

struct World {
    std::vector<std::string> log;
    WaitList queue{};
    std::vector<std::pair<Fiber*, uint64_t>> parked;
};
World& world(VM& vm) { return *static_cast<World*>(vm.host); }
std::string text(Value v) {
    return v.is_int() ? std::to_string(v.as_int()) : v.is_none() ? "None" : std::string(v.as<Str>()->view());
}

// sleep(name, ticks): logs its name when it goes on.
Outcome sleep_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            vm.scheduler.park(vm, Wait::Time, vm.clock->now() + frame[1].as_int());
            AWAIT(1, Outcome::park());
    }
    world(vm).log.push_back(text(frame[0]));
    return frame[0];
}
// wait(name, ticks): in the queue, at most so long; logs what the wait gave.
Outcome wait_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            world(vm).parked.emplace_back(vm.fiber, vm.fiber->epoch + 1);
            vm.scheduler.park(vm, Wait::Lock,
                              frame[1].is_none() ? kForever : vm.clock->now() + frame[1].as_int(), frame[0],
                              vm.str("late"), &world(vm).queue);
            AWAIT(1, Outcome::park());
    }
    world(vm).log.push_back(text(frame[0]) + "=" + text(frame.result()));
    return frame.result();
}
// wake(n): the first n of the queue get their number.
Outcome wake(VM& vm, Value* args) {
    for (int64_t i = 0; i < args[0].as_int(); i++)
        if (!vm.scheduler.wake_first(world(vm).queue, Value::integer(i))) world(vm).log.push_back("nobody");
    return Value::none();
}
// busy(name, rounds): logs its name, and gives way to whoever else is ready, so often.
Outcome busy_step(VM& vm, NativeFrame& frame) {
    while (frame[1].as_int() > 0) {
        world(vm).log.push_back(text(frame[0]));
        frame[1] = Value::integer(frame[1].as_int() - 1);
        vm.scheduler.park(vm, Wait::Nothing);
        vm.scheduler.wake(vm.fiber, vm.fiber->epoch, Value::none());
        if (!frame.await(vm, Outcome::park(), 0)) return vm.pending;
    }
    return Value::none();
}

constinit const NativeDef kSleep = {.signature = "sleep(name, ticks)", .step = sleep_step};
constinit const NativeDef kWait = {.signature = "wait(name, ticks)", .step = wait_step};
constinit const NativeDef kWake = {.signature = "wake(n)", .fn = wake};
constinit const NativeDef kBusy = {.signature = "busy(name, rounds)", .step = busy_step};

class SchedulerTest : public testing::Test {
  protected:
    SchedulerTest() {
        auto owned = std::make_unique<TestClock>();
        clock = owned.get();
        vm.clock = std::move(owned);
        vm.host = &state;
        for (auto [def, at] :
             {std::pair{&kSleep, &sleep}, {&kWait, &wait}, {&kWake, &waker}, {&kBusy, &busy}}) {
            *at = make_native(vm, *def);
            vm.roots.push_back(*at);
        }
    }
    Fiber* start(Value f, std::string_view name, Value argument) {
        return vm.scheduler.spawn(vm, f, {vm.str(name), argument});
    }
    Fiber* start_sleep(std::string_view name, int64_t ticks) {
        return start(sleep, name, Value::integer(ticks));
    }
    // The main fiber sleeps so long, while the others run.
    Outcome main_sleeps(int64_t ticks) { return vm.run(sleep, {vm.str("main"), Value::integer(ticks)}); }
    size_t fibers() const { return vm.scheduler.fibers().size(); }
    std::string message() {
        std::string s = vm.exception.as<Exception>()->args.as<Tuple>()->items[0].as<Str>()->data();
        vm.exception = Value::unbound();
        return s;
    }
    using Log = std::vector<std::string>;

    World state;
    TestClock* clock = nullptr;
    VM vm;
    Value sleep, wait, waker, busy;
};

}  // namespace

TEST_F(SchedulerTest, SleepersWakeInOrderOfTheirDeadlines) {
    start_sleep("c", 300);
    start_sleep("a", 100);
    start_sleep("b", 200);
    EXPECT_TRUE(main_sleeps(1000).is_value());
    EXPECT_EQ(state.log, (Log{"a", "b", "c", "main"}));
    EXPECT_EQ(clock->waits, (std::vector<int64_t>{1100, 1200, 1300, 2000}));  // and no moment longer
    EXPECT_EQ(fibers(), 1u);
}

TEST_F(SchedulerTest, EqualDeadlinesWakeInOrderOfSleep) {
    for (const char* name : {"1", "2", "3", "4", "5"}) start_sleep(name, 50);
    EXPECT_TRUE(main_sleeps(51).is_value());
    EXPECT_EQ(state.log, (Log{"1", "2", "3", "4", "5", "main"}));
}

TEST_F(SchedulerTest, ReadyFibersTakeTurns) {
    start(busy, "a", Value::integer(3));
    start(busy, "b", Value::integer(3));
    EXPECT_TRUE(main_sleeps(1).is_value());
    EXPECT_EQ(state.log, (Log{"a", "b", "a", "b", "a", "b", "main"}));
}

TEST_F(SchedulerTest, ThoseWhoWaitAreWokenFirstComeFirstServed) {
    for (const char* name : {"a", "b", "c"}) start(wait, name, Value::none());
    EXPECT_TRUE(main_sleeps(10).is_value());
    EXPECT_TRUE(vm.run(waker, {Value::integer(2)}).is_value());
    EXPECT_TRUE(main_sleeps(10).is_value());
    EXPECT_EQ(state.log, (Log{"main", "a=0", "b=1", "main"}));
    EXPECT_TRUE(vm.run(waker, {Value::integer(2)}).is_value());
    EXPECT_TRUE(main_sleeps(10).is_value());
    EXPECT_EQ(state.log, (Log{"main", "a=0", "b=1", "main", "nobody", "c=0", "main"}));
    EXPECT_EQ(fibers(), 1u);
    EXPECT_EQ(state.queue.first, nullptr);
    EXPECT_EQ(state.queue.last, nullptr);
}

TEST_F(SchedulerTest, ADeadlineEndsAWaitAndLeavesTheQueue) {
    start(wait, "short", Value::integer(5));
    start(wait, "long", Value::integer(500));
    start(wait, "ever", Value::none());
    EXPECT_TRUE(main_sleeps(100).is_value());
    EXPECT_EQ(state.log, (Log{"short=late", "main"}));
    vm.run(waker, {Value::integer(1)});
    EXPECT_TRUE(main_sleeps(1000).is_value());  // its timer passes meanwhile, for nobody
    vm.run(waker, {Value::integer(1)});
    EXPECT_TRUE(main_sleeps(1).is_value());
    EXPECT_EQ(state.log, (Log{"short=late", "main", "long=0", "main", "ever=0", "main"}));
}

TEST_F(SchedulerTest, ATurnOfTheOthersWaitsForNothing) {
    EXPECT_EQ(vm.scheduler.first_deadline(), kForever);
    start_sleep("a", 100);
    start(busy, "b", Value::integer(2));
    Turn turn;
    EXPECT_TRUE(vm.run_others(turn).is_value());
    EXPECT_TRUE(turn.over && turn.idle);
    EXPECT_EQ(vm.turn, nullptr);
    EXPECT_EQ(state.log, (Log{"b", "b"}));
    EXPECT_EQ(vm.scheduler.first_deadline(), 1100);
    clock->time = 1100;
    turn = Turn();
    EXPECT_TRUE(vm.run_others(turn).is_value());
    EXPECT_EQ(state.log, (Log{"b", "b", "a"}));
    EXPECT_TRUE(clock->waits.empty());
    EXPECT_EQ(fibers(), 1u);
    // An interrupt reaches whoever has given the turn.
    vm.interrupt = kInterruptKeyboard;
    EXPECT_TRUE(vm.run_others(turn).is_raised());
    vm.exception = Value::unbound();
    EXPECT_TRUE(main_sleeps(1).is_value());
}

TEST_F(SchedulerTest, AWakeUpOfAnOldEpochIsDropped) {
    start(wait, "a", Value::none());
    EXPECT_TRUE(main_sleeps(1).is_value());
    auto [fiber, epoch] = state.parked.at(0);
    EXPECT_FALSE(vm.scheduler.wake(fiber, epoch - 1, Value::none()));
    EXPECT_TRUE(vm.scheduler.wake(fiber, epoch, Value::integer(7)));
    EXPECT_FALSE(vm.scheduler.wake(fiber, epoch, Value::integer(8)));
    EXPECT_TRUE(main_sleeps(1).is_value());
    EXPECT_EQ(state.log, (Log{"main", "a=7", "main"}));
    EXPECT_FALSE(vm.scheduler.wake(fiber, epoch + 1, Value::none()));  // it has ended
}

TEST_F(SchedulerTest, WaitingForNothingIsTold) {
    Outcome o = vm.run(wait, {vm.str("main"), Value::none()});
    ASSERT_TRUE(o.is_raised());
    EXPECT_EQ(message().substr(0, 8), "deadlock");
    EXPECT_EQ(state.queue.first, nullptr);
    EXPECT_TRUE(main_sleeps(1).is_value());  // and the machine goes on
}

TEST_F(SchedulerTest, ThrowingIntoAFiberEndsItsWait) {
    Fiber* f = start(wait, "a", Value::none());
    EXPECT_TRUE(main_sleeps(1).is_value());
    vm.scheduler.throw_into(f, vm.make_exception(kShapeValueError, {}));
    EXPECT_TRUE(main_sleeps(1).is_value());
    EXPECT_EQ(state.log, (Log{"main", "main"}));
    EXPECT_EQ(f->state, Fiber::kEnded);
    EXPECT_EQ(state.queue.first, nullptr);
}

TEST_F(SchedulerTest, DroppedFibersNeverRunAgain) {
    start_sleep("a", 10);
    start(wait, "b", Value::none());
    start(busy, "c", Value::integer(5));
    vm.scheduler.drop_others(vm.main_fiber);
    EXPECT_EQ(fibers(), 1u);
    EXPECT_TRUE(main_sleeps(100).is_value());
    EXPECT_EQ(state.log, (Log{"main"}));
}

TEST_F(SchedulerTest, ASeedShufflesTheSameWayEveryTime) {
    std::vector<Log> logs;
    for (uint64_t seed : {11, 11, 12}) {
        state.log.clear();
        vm.scheduler.shuffle(seed);
        for (const char* name : {"a", "b", "c", "d"}) start(busy, name, Value::integer(4));
        EXPECT_TRUE(main_sleeps(10).is_value());
        ASSERT_EQ(state.log.size(), 17u);
        logs.push_back(state.log);
    }
    EXPECT_EQ(logs[0], logs[1]);
    EXPECT_NE(logs[0], logs[2]);
}

TEST_F(SchedulerTest, WhatParkedFibersHoldSurvivesCollections) {
    constexpr int kFibers = 500;
    for (int i = 0; i < kFibers; i++) start_sleep("sleeper number " + std::to_string(i), 100 + i);
    EXPECT_TRUE(main_sleeps(1).is_value());
    for (int round = 0; round < 6; round++) {
        collect_garbage(vm, vm.frame, round % 2 ? Heap::Extent::Major : Heap::Extent::Minor);
        for (int k = 0; k < 5000; k++) vm.str("something else entirely");
    }
    EXPECT_TRUE(main_sleeps(10000).is_value());
    ASSERT_EQ(state.log.size(), size_t(kFibers + 2));
    for (int i = 0; i < kFibers; i++)
        EXPECT_EQ(state.log[size_t(i) + 1], "sleeper number " + std::to_string(i));
    EXPECT_EQ(fibers(), 1u);
    EXPECT_LE(vm.heap.used(), size_t{4} << 20);
}

TEST_F(SchedulerTest, ManyTimersThatNobodyWaitsForAnyMoreCostNothing) {
    // Each wait is ended long before its deadline.
    for (int i = 0; i < 20000; i++) {
        start(wait, "x", Value::integer(1000000000));
        EXPECT_TRUE(main_sleeps(1).is_value());
        vm.run(waker, {Value::integer(1)});
        EXPECT_TRUE(main_sleeps(1).is_value());
    }
    EXPECT_EQ(state.log.size(), 60000u);
    EXPECT_EQ(fibers(), 1u);
    EXPECT_EQ(clock->time, 1000 + 40000);
}

TEST_F(SchedulerTest, AnInterruptEndsASleep) {
    struct Interrupting : TestClock {
        VM* vm = nullptr;
        void wait_until(int64_t) override { vm->interrupt.fetch_or(kInterruptKeyboard); }
    };
    auto interrupting = std::make_unique<Interrupting>();
    interrupting->vm = &vm;
    vm.clock = std::move(interrupting);
    ASSERT_TRUE(main_sleeps(1000).is_raised());
    EXPECT_STREQ(vm.type_name(vm.exception), "KeyboardInterrupt");
    EXPECT_EQ(vm.interrupt.load() & kInterruptKeyboard, 0u);
}
