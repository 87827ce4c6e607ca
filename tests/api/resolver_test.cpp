// Promises that other threads settle, and hosts that wait for them.
#include "gen/gen.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

using gen::Error;
using gen::Interpreter;
using gen::Progress;
using gen::Promise;
using gen::Resolver;
using gen::Task;
using gen::Time;

namespace {

void pause(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

// Every call of `fetch(n)` is answered by a thread of its own.
struct Server {
    std::vector<std::thread> threads;
    Interpreter vm;
    explicit Server(gen::InterpreterOptions options = {}) : vm(options) {
        vm.def("fetch", [this](int n) {
            Promise answer(vm);
            threads.emplace_back([n, to = answer.resolver()] {
                pause(n % 7);
                if (n % 5 == 4)
                    to.fail("ValueError", std::to_string(n));
                else
                    to.resolve(2 * n);
            });
            return answer;
        });
    }
    ~Server() {
        for (std::thread& t : threads) t.join();
    }
};

double seconds_of(const std::function<void()>& f) {
    auto start = std::chrono::steady_clock::now();
    f();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string error_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const Error& e) {
        return e.type() + ": " + e.message();
    }
    return "";
}

constexpr const char* kAsk =
    "def ask(n):\n"
    "    try:\n"
    "        return fetch(n)\n"
    "    except ValueError as e:\n"
    "        return -int(str(e))\n";

}  // namespace

TEST(Resolvers, SettleFromOtherThreads) {
    Server s;
    s.vm.run(kAsk);
    std::vector<Task> tasks;
    for (int i = 0; i < 40; i++) tasks.push_back(s.vm.start(s.vm.get("ask"), i));
    while (s.vm.run_for() != Progress::Done) EXPECT_TRUE(s.vm.wait(30));
    for (int i = 0; i < 40; i++) EXPECT_EQ(tasks[size_t(i)].result().as<int>(), i % 5 == 4 ? -i : 2 * i);
}

TEST(Resolvers, AreWaitedForByPlainRuns) {
    for (Time time : {Time::Real, Time::Virtual, Time::Manual}) {
        Server s({.time = time});
        s.vm.run(kAsk);
        EXPECT_EQ(s.vm.run("sum(ask(n) for n in range(6))").as<int>(), 2 * (0 + 1 + 2 + 3 + 5) - 4);
        EXPECT_EQ(error_of([&] { s.vm.run("fetch(4)"); }), "ValueError: 4");
    }
}

TEST(Resolvers, GiveWhatCanBeCopied) {
    Interpreter vm;
    std::vector<Promise> promises;
    vm.def("next", [&] { return promises.emplace_back(vm); });
    Task task = vm.start("'; '.join(repr(next()) for _ in range(8))");
    std::vector<Resolver> to;
    auto answer = [&](auto... value) {
        EXPECT_EQ(vm.run_for(), Progress::Waiting);
        std::thread([=, r = promises.back().resolver()] { r.resolve(value...); }).join();
        EXPECT_TRUE(promises.back().settled());
    };
    answer();
    answer(true);
    answer(int64_t{1} << 62);
    answer(0.5);
    answer("text");
    answer(std::string("text\xc3\xa4"));
    answer(std::vector<std::vector<int>>{{1, 2}, {}});
    answer(std::map<std::string, std::vector<std::string>>{{"a", {"b", "c"}}, {"d", {}}});
    EXPECT_EQ(vm.run_for(), Progress::Done);
    EXPECT_EQ(task.result().as<std::string>(),
              "None; True; 4611686018427387904; 0.5; 'text'; 'text\u00e4'; [[1, 2], []]; {'a': ['b', 'c'], "
              "'d': []}");
    // What cannot be made is an error of the script's.
    Task bad = vm.start("next()");
    vm.run_for();
    promises.back().resolver().resolve("\xff");
    EXPECT_EQ(vm.run_for(), Progress::Done);
    EXPECT_EQ(error_of([&] { bad.result(); }), "ValueError: the text is no UTF-8");
}

TEST(Resolvers, SettleOnce) {
    Interpreter vm;
    Promise p(vm);
    vm.def("get", [&] { return p; });
    Resolver a = p.resolver(), b = p.resolver(), copy = a;
    a.resolve(1);
    copy.resolve(2);
    b.resolve(3);
    p.resolve(4);  // first of all: what other threads give has not been looked at
    EXPECT_TRUE(p.settled());
    EXPECT_EQ(vm.run("get()").as<int>(), 4);
    Promise q(vm);
    vm.def("get_q", [&] { return q; });
    a = q.resolver();
    a.resolve(1);
    EXPECT_TRUE(q.settled());
    q.resolve(2);
    EXPECT_EQ(vm.run("get_q()").as<int>(), 1);
    EXPECT_FALSE(Resolver());
    EXPECT_THROW(Resolver().resolve(), Error);
}

TEST(Resolvers, ThatAreDroppedAreAnError) {
    Interpreter vm;
    Resolver kept;
    vm.def("get", [&] {
        Promise p(vm);
        kept = p.resolver();
        return p;
    });
    Task task = vm.start("get()");
    EXPECT_EQ(vm.run_for(), Progress::Waiting);
    EXPECT_EQ(task.status(), "waits for the host");
    std::thread([r = std::move(kept)]() mutable { r = Resolver(); }).join();
    EXPECT_TRUE(vm.wait(30));
    EXPECT_EQ(vm.run_for(), Progress::Done);
    EXPECT_EQ(error_of([&] { task.result(); }), "RuntimeError: the host has dropped its promise");
}

TEST(Resolvers, OutliveTheInterpreter) {
    Resolver kept;
    std::vector<std::string> printed;
    {
        Interpreter vm({.err = [&](std::string_view text) { printed.emplace_back(text); }});
        vm.def("get", [&] {
            Promise p(vm);
            kept = p.resolver();
            return p;
        });
        vm.run(
            "import threading\n"
            "def wait():\n"
            "    try:\n"
            "        get()\n"
            "    except RuntimeError as e:\n"
            "        import sys\n"
            "        sys.stderr.write(str(e))\n"
            "threading.Thread(target=wait).start()");
    }
    std::string all;
    for (auto& text : printed) all += text;
    EXPECT_EQ(all, "the host has closed this interpreter");
    kept.resolve(1);
    std::thread([r = std::move(kept)] { r.fail("ValueError", "late"); }).join();
    // While threads are at it.
    for (int i = 0; i < 20; i++) {
        Server s;
        s.vm.run(kAsk);
        for (int n = 0; n < 5; n++) s.vm.start(s.vm.get("ask"), n);
        s.vm.run_for();
        if (i % 2) s.vm.wait(0.001);
    }
}

TEST(Resolvers, TakeNoNoticeOfTasksThatHaveGone) {
    Interpreter vm;
    Resolver kept;
    vm.def("get", [&] {
        Promise p(vm);
        kept = p.resolver();
        return p;
    });
    Task task = vm.start("get()");
    vm.run_for();
    task.raise("KeyError", "gone");
    EXPECT_EQ(vm.run_for(), Progress::Done);
    // Nobody waits for it: a deadlock is one.
    vm.run("import threading\nlock = threading.Lock()\nlock.acquire()");
    EXPECT_EQ(error_of([&] { vm.run("lock.acquire()"); }).substr(0, 22), "RuntimeError: deadlock");
    kept.resolve(1);
    EXPECT_EQ(vm.run("1 + 1").as<int>(), 2);
}

TEST(Waiting, EndsWhenSomebodyCanRun) {
    Interpreter vm;
    EXPECT_FALSE(vm.wait(0));
    EXPECT_GE(seconds_of([&] { EXPECT_FALSE(vm.wait(0.02)); }), 0.019);
    Task late = vm.start("import time\ntime.sleep(3600)");
    EXPECT_TRUE(vm.wait(0));  // it has not begun
    EXPECT_EQ(vm.run_for(), Progress::Waiting);
    EXPECT_FALSE(vm.wait(0));
    late.raise("SystemExit");
    EXPECT_TRUE(vm.wait(0));
    EXPECT_EQ(vm.run_for(), Progress::Done);
    auto sleep = [&] {
        vm.start("import time\ntime.sleep(0.03)");
        vm.run_for();
        EXPECT_TRUE(vm.wait());
    };
    EXPECT_GE(seconds_of(sleep), 0.03);
    EXPECT_EQ(vm.run_for(), Progress::Done);
}

TEST(Waiting, IsEndedFromOtherThreads) {
    Interpreter vm;
    vm.wake();
    EXPECT_TRUE(vm.wait());  // it was asked for before
    EXPECT_FALSE(vm.wait(0));
    for (auto f : {&Interpreter::wake, &Interpreter::interrupt}) {
        std::thread other([&] {
            pause(10);
            (vm.*f)();
        });
        EXPECT_TRUE(vm.wait());
        other.join();
    }
    EXPECT_EQ(error_of([&] { vm.run("while True: pass"); }), "KeyboardInterrupt: ");
    vm.def("wait", [&] { vm.wait(0); });
    EXPECT_EQ(error_of([&] { vm.run("wait()"); }), "RuntimeError: wait() inside a call of the script");
}

TEST(Waiting, KnowsTheTimeOfTheInterpreter) {
    Interpreter manual({.time = Time::Manual});
    Task task = manual.start("import time\ntime.sleep(3600)");
    manual.run_for();
    EXPECT_FALSE(manual.wait(0.001));
    std::thread other([&] {
        pause(10);
        manual.advance(3600);
    });
    EXPECT_TRUE(manual.wait());
    other.join();
    EXPECT_EQ(manual.run_for(), Progress::Done);

    Interpreter jumping({.time = Time::Virtual});
    jumping.run("import threading, time\nthreading.Thread(target=time.sleep, args=(3600,)).start()");
    EXPECT_LT(seconds_of([&] { EXPECT_TRUE(jumping.wait()); }), 60);

    Interpreter limited;
    limited.start("import time\ntime.sleep(3600)");
    limited.run_for();
    limited.set_time_limit(0.01);
    EXPECT_TRUE(limited.wait());
    EXPECT_EQ(error_of([&] { limited.run_for(); }), "Terminated: the deadline has passed");
}

#ifdef GEN_HAS_LIBUV
TEST(Waiting, EndsWhenInputComes) {
    Interpreter vm({.network = true});
    vm.run("import socket\na, b = socket.socketpair()\n");
    Task task = vm.start("a.recv(10)");
    EXPECT_EQ(vm.run_for(), Progress::Waiting);
    EXPECT_FALSE(vm.wait(0.001));
    vm.run("b.send(b'x')");
    if (!task.done()) {
        EXPECT_TRUE(vm.wait(30));
        vm.run_for();
    }
    EXPECT_TRUE(task.done());
    // And what another thread gives, while the reactor is one of sockets.
    vm.def("get", [&] {
        Promise p(vm);
        std::thread([r = p.resolver()] {
            pause(5);
            r.resolve("late");
        }).detach();
        return p;
    });
    Task other = vm.start("get()");
    while (vm.run_for() != Progress::Done) EXPECT_TRUE(vm.wait(30));
    EXPECT_EQ(other.result().as<std::string>(), "late");
}
#endif
