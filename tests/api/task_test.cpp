// Tasks: scripts that go on in turns that the host gives them, on real, virtual and manual time.
#include "gen/gen.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

using gen::Error;
using gen::Interpreter;
using gen::Progress;
using gen::Ref;
using gen::Task;
using gen::Time;

namespace {

std::string error_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const Error& e) {
        return e.type() + ": " + e.message();
    }
    return "nothing";
}

}  // namespace

TEST(Tasks, GoOnInSlices) {
    auto run = [] {
        Interpreter vm;
        Task task = vm.start("n = 0\nwhile n < 1000: n += 1\n'done'");
        EXPECT_FALSE(task.done());
        EXPECT_EQ(task.status(), "is ready");
        std::string counts;
        while (vm.run_for({.steps = 300}) == Progress::Spent) counts += vm.get("n").str() + " ";
        EXPECT_TRUE(task.done());
        EXPECT_EQ(task.status(), "has ended");
        EXPECT_EQ(task.result().as<std::string>(), "done");
        EXPECT_EQ(task.wait().as<std::string>(), "done");
        return counts;
    };
    std::string counts = run();
    EXPECT_EQ(std::count(counts.begin(), counts.end(), ' '), 3) << counts;
    EXPECT_EQ(run(), counts);
}

TEST(Tasks, ABusyOneLeavesTheHostItsTime) {
    Interpreter vm;
    Task busy = vm.start("while True: pass");
    Task other = vm.start("x = 1");
    auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(vm.run_for({.seconds = 0.02}), Progress::Spent);
    auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(took, std::chrono::milliseconds(20));
    EXPECT_LT(took, std::chrono::seconds(5));
    for (int i = 0; i < 100 && !other.done(); i++) vm.run_for({.seconds = 0.02});
    EXPECT_TRUE(other.done());
    EXPECT_FALSE(busy.done());
    EXPECT_EQ(vm.run("x + 1").as<int>(), 2);
}

TEST(Tasks, ManualTimeMovesWhenTheHostSaysSo) {
    Interpreter vm({.time = Time::Manual});
    vm.run(
        "import time\nlog = []\n"
        "def walk(name, pause):\n"
        "    for step in range(3):\n"
        "        time.sleep(pause)\n"
        "        log.append(f'{name}{step}')\n"
        "    return name\n");
    Task a = vm.start(vm.get("walk"), "a", 1), b = vm.start(vm.get("walk"), "b", 0.4);
    EXPECT_EQ(vm.next_wake(), 0);
    EXPECT_EQ(vm.run_for(), Progress::Waiting);
    EXPECT_NEAR(*vm.next_wake(), 0.4, 1e-6);
    EXPECT_EQ(b.status(), "sleeps for another 400 ms");
    EXPECT_EQ(vm.run_for(), Progress::Waiting);  // paused
    EXPECT_EQ(vm.get("log").repr(), "[]");
    double start = vm.time();
    vm.advance(0.5);
    EXPECT_NEAR(vm.time() - start, 0.5, 1e-6);
    EXPECT_EQ(vm.run_for(), Progress::Waiting);
    EXPECT_EQ(vm.get("log").repr(), "['b0']");
    for (int frame = 0; frame < 60 && !a.done(); frame++) {
        vm.advance(0.05);
        vm.run_for({.steps = 1000});
    }
    EXPECT_EQ(vm.get("log").repr(), "['b0', 'b1', 'a0', 'b2', 'a1', 'a2']");
    EXPECT_EQ(vm.run_for(), Progress::Done);
    EXPECT_EQ(a.result().as<std::string>() + b.result().as<std::string>(), "ab");
    EXPECT_EQ(vm.next_wake(), std::nullopt);
    EXPECT_THROW(vm.advance(-1), Error);
    EXPECT_THROW(Interpreter().advance(1), Error);
}

TEST(Tasks, WhoWaitsForTheHostAloneIsTold) {
    Interpreter vm({.time = Time::Manual});
    std::string text = error_of([&] { vm.run("import time\ntime.sleep(5)", "main.gen"); });
    EXPECT_EQ(
        text,
        "RuntimeError: deadlock: every thread waits, and the time stands still until the host moves it\n"
        "  thread 0 (MainThread) sleeps for another 5 s\n    File \"main.gen\", line 2, in <module>");
    Task task = vm.start("time.sleep(5)");
    EXPECT_EQ(error_of([&] { task.wait(); }).substr(0, 23), "RuntimeError: deadlock:");
    vm.advance(5);
    EXPECT_TRUE(task.wait().is_none());
}

TEST(Tasks, EventLoopsAndThreadsOnManualTime) {
    std::string out;
    Interpreter vm({.out = [&](std::string_view text) { out += text; }, .time = Time::Manual});
    Task task = vm.start(
        "import asyncio, threading, time\n"
        "async def tick(name, pause):\n"
        "    for i in range(2):\n"
        "        await asyncio.sleep(pause)\n"
        "        print(name, i)\n"
        "async def main():\n"
        "    await asyncio.gather(tick('slow', 3), tick('fast', 1))\n"
        "def beside():\n"
        "    time.sleep(4); print('thread')\n"
        "t = threading.Thread(target=beside); t.start()\n"
        "asyncio.run(main()); t.join()\n"
        "time.monotonic()");
    while (vm.run_for() != Progress::Done) vm.advance(*vm.next_wake());
    EXPECT_EQ(out, "fast 0\nfast 1\nslow 0\nthread\nslow 1\n");
    EXPECT_NEAR(task.result().as<double>(), vm.time(), 1e-6);
}

TEST(Tasks, VirtualTimeJumps) {
    Interpreter vm({.seed = 3, .time = Time::Virtual});
    Task task = vm.start("import time\nfor _ in range(10): time.sleep(3600)");
    double start = vm.time();
    EXPECT_EQ(vm.run_for(), Progress::Done);
    EXPECT_GE(vm.time() - start, 36000);
}

TEST(Tasks, RealTimePassesWhileAHostWaits) {
    Interpreter vm;
    Task task = vm.start("import time\ntime.sleep(0.02)\n7");
    EXPECT_EQ(vm.run_for(), Progress::Waiting);
    EXPECT_FALSE(task.done());
    EXPECT_EQ(error_of([&] { task.result(); }), "RuntimeError: the task is not done");
    EXPECT_EQ(task.wait().as<int>(), 7);
}

TEST(Tasks, TheHostFeedsThem) {
    Interpreter vm;
    Task task = vm.start(
        "import queue\nclicks = queue.Queue()\nseen = []\n"
        "while (click := clicks.get()) != 'quit': seen.append(click)\n"
        "seen",
        "menu.gen");
    EXPECT_EQ(vm.run_for(), Progress::Waiting);
    EXPECT_EQ(vm.next_wake(), std::nullopt);
    EXPECT_EQ(
        vm.describe_tasks(),
        "  thread 0 (MainThread) runs\n"
        "  thread 1 (menu.gen) waits for a lock, in Queue.get\n    File \"menu.gen\", line 4, in <module>");
    for (const char* click : {"left", "right", "quit"}) vm.get("clicks").method("put", click);
    EXPECT_EQ(vm.run_for(), Progress::Done);
    EXPECT_EQ(task.result().repr(), "['left', 'right']");
}

TEST(Tasks, InputFromOutside) {
    Interpreter vm({.network = true});
    vm.run("import socket, time\na, b = socket.socketpair()");
    Task reader = vm.start("b.recv(10)");
    EXPECT_EQ(vm.run_for(), Progress::Waiting);
    vm.run("a.send(b'hello')");
    EXPECT_EQ(vm.run_for(), Progress::Done);
    EXPECT_EQ(reader.result().repr(), "b'hello'");
}

TEST(Tasks, Errors) {
    std::string err;
    Interpreter vm({.err = [&](std::string_view text) { err += text; }});
    Task failing = vm.start("1 / 0", "bad.gen");
    EXPECT_EQ(vm.run_for(), Progress::Done);
    try {
        failing.result();
        ADD_FAILURE();
    } catch (const Error& e) {
        EXPECT_EQ(e.type(), "ZeroDivisionError");
        EXPECT_EQ(
            e.traceback(),
            "Traceback (most recent call last):\n  File \"bad.gen\", line 1, in <module>\n    1 / 0\n    "
            "~~^~~\nZeroDivisionError: division by zero\n");
    }
    EXPECT_THROW(vm.start("x = = 1"), Error);
    EXPECT_THROW(failing.wait(), Error);
    failing = Task();
    vm.run_for();
    EXPECT_EQ(err, "");
    // An error that nobody can see any more.
    vm.start("1 / 0", "lost.gen");
    vm.start("raise SystemExit", "leaves.gen");
    Task held = vm.start("x = [][1]", "held.gen");
    EXPECT_EQ(vm.run_for(), Progress::Done);
    EXPECT_TRUE(err.starts_with("Exception in task lost.gen:\nTraceback")) << err;
    EXPECT_TRUE(err.ends_with("ZeroDivisionError: division by zero\n")) << err;
    err.clear();
    held = Task();
    vm.run_for();
    EXPECT_TRUE(err.starts_with("Exception in task held.gen:\nTraceback")) << err;
    EXPECT_EQ(error_of([&] { held.done(); }), "ValueError: an empty gen::Task");
}

TEST(Tasks, CanBeEnded) {
    Interpreter vm({.time = Time::Manual});
    const char* source =
        "import time\nlog = []\ntry:\n    time.sleep(1000)\nexcept ValueError as e:\n    log.append(str(e))\n"
        "    time.sleep(1000)\nfinally:\n    log.append('finally')\n";
    Task task = vm.start(source);
    vm.run_for();
    task.raise("ValueError", "wake up");
    EXPECT_EQ(vm.run_for(), Progress::Waiting);
    task.raise("SystemExit");
    EXPECT_EQ(vm.run_for(), Progress::Done);
    EXPECT_EQ(vm.get("log").repr(), "['wake up', 'finally']");
    EXPECT_EQ(error_of([&] { task.result(); }), "SystemExit: ");
    task.raise("SystemExit");            // it has ended already
    auto error = vm.run("KeyError(1)");  // (whatever runs may let a task begin)
    Task never = vm.start("log.append('never')");
    never.raise(error);
    EXPECT_EQ(vm.run_for(), Progress::Done);
    EXPECT_EQ(error_of([&] { never.result(); }), "KeyError: 1");
    EXPECT_EQ(vm.get("log").size(), 2u);
    Task busy = vm.start("while True: pass");
    vm.run_for({.steps = 100});
    EXPECT_THROW(busy.raise(vm.value(1)), Error);
    busy.raise("SystemExit");
    EXPECT_EQ(vm.run_for({.steps = 1000}), Progress::Done);
}

TEST(Tasks, InterruptsAndLimitsReachWhoeverGivesTheTurn) {
    Interpreter vm;
    Task busy = vm.start("while True: pass");
    vm.interrupt();
    EXPECT_EQ(error_of([&] { vm.run_for(); }), "KeyboardInterrupt: ");
    EXPECT_FALSE(busy.done());
    vm.set_step_limit(20'000);
    EXPECT_EQ(error_of([&] { vm.run_for(); }), "Terminated: the step limit is reached");
    vm.set_step_limit(0);
    EXPECT_EQ(vm.run_for({.steps = 1000}), Progress::Done);
    EXPECT_EQ(error_of([&] { busy.result(); }), "Terminated: the task was terminated");
    EXPECT_EQ(vm.run("6 * 7").as<int>(), 42);
}

TEST(Tasks, HostFunctionsGiveNoTurns) {
    Interpreter vm;
    vm.def("turn", [&] { vm.run_for(); });
    EXPECT_EQ(error_of([&] { vm.run("turn()"); }), "RuntimeError: run_for() inside a call of the script");
    vm.def("begin", [&](Ref f) { vm.start(f, 5); });
    EXPECT_EQ(vm.run("seen = []\nbegin(seen.append)\nseen").repr(), "[]");
    EXPECT_EQ(vm.run_for(), Progress::Done);
    EXPECT_EQ(vm.get("seen").repr(), "[5]");
}

TEST(Tasks, AreRepeatable) {
    auto run = [](uint64_t seed) {
        Interpreter vm({.seed = seed, .time = Time::Manual});
        vm.run(
            "log = ''\ndef spin(name):\n    global log\n    for _ in range(40_000):\n        if log[-1:] != "
            "name: log += name\n");
        for (const char* name : {"a", "b", "c"}) vm.start(vm.get("spin"), name);
        std::string points;
        for (Progress p; (p = vm.run_for({.steps = 7000})) != Progress::Done;) {
            EXPECT_EQ(p, Progress::Spent);
            points += vm.get("log").str() + " ";
        }
        return points;
    };
    EXPECT_EQ(run(1), run(1));
    EXPECT_NE(run(1), run(2));
}

TEST(Tasks, ManyOfThem) {
    Interpreter vm({.time = Time::Manual});
    vm.run(
        "import time\ntotal = 0\ndef npc(pause):\n    global total\n    time.sleep(pause)\n    total += 1\n");
    std::vector<Task> tasks;
    for (int i = 0; i < 20'000; i++) tasks.push_back(vm.start(vm.get("npc"), i % 100));
    while (vm.run_for() != Progress::Done) vm.advance(1);
    EXPECT_EQ(vm.get("total").as<int>(), 20'000);
    vm.run("import gc\ngc.collect()");
    EXPECT_TRUE(tasks[0].result().is_none());
}

TEST(Tasks, OutliveTheInterpreterObject) {
    Task task;
    {
        Interpreter vm;
        task = vm.start("6 * 7");
    }
    EXPECT_EQ(task.wait().as<int>(), 42);
    Interpreter dropped;
    dropped.start("import time\ntime.sleep(1000)");
    dropped.run_for();
}
