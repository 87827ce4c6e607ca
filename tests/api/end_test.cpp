// The end of an interpreter: it comes at once, whatever the script has left behind, and so do errors.
#include "gen/gen.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

using gen::Error;
using gen::Interpreter;
using gen::Time;

namespace {

double seconds_to_run_and_end(const std::string& source, Time time, std::string* shown = nullptr) {
    auto start = std::chrono::steady_clock::now();
    {
        Interpreter vm({.out =
                            [&](std::string_view text) {
                                if (shown) *shown += text;
                            },
                        .time = time});
        try {
            vm.run(source);
        } catch (const Error&) {
        }
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TEST(End, NobodyIsWaitedFor) {
    for (const char* source : {
             "import threading\ndef f():\n    while True: pass\nthreading.Thread(target=f).start()",
             "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()",
             "from concurrent.futures import ThreadPoolExecutor\nimport "
             "time\nThreadPoolExecutor(1).submit(time.sleep, 1000)",
             "import atexit\ndef f():\n    while True: pass\natexit.register(f)",
             "import atexit, time\natexit.register(time.sleep, 1000)",
             "class A:\n    def __del__(self):\n        while True: pass\nkept = [A() for _ in range(20)]",
             "import time\nclass A:\n    def __del__(self): time.sleep(1000)\nkept = A()",
             "def g():\n    try: yield\n    finally:\n        while True: pass\nkept = g()\nnext(kept)",
         })
        for (Time time : {Time::Real, Time::Virtual, Time::Manual})
            EXPECT_LT(seconds_to_run_and_end(source, time), 30) << source;
}

TEST(End, WhatIsRegisteredForItRuns) {
    std::string shown;
    seconds_to_run_and_end(
        "import atexit\natexit.register(print, 'atexit')\n"
        "def g():\n    try: yield\n    finally: print('finally')\nkept = g()\nnext(kept)\n",
        Time::Real, &shown);
    EXPECT_EQ(shown, "atexit\nfinally\n");
}

TEST(End, AnErrorThatCannotBeShownIsStillAnError) {
    for (const char* body : {"while True: pass", "__import__('time').sleep(1000)", "return 'x' * 10**12"}) {
        Interpreter vm({.memory = 64 << 20});
        try {
            vm.run("class Odd(Exception):\n    def __str__(self):\n        " + std::string(body) +
                   "\nraise Odd()");
            ADD_FAILURE() << "no error";
        } catch (const Error& e) {
            EXPECT_EQ(e.type(), "Odd");
        }
        EXPECT_EQ(vm.run("1 + 1").as<int>(), 2);
    }
}

TEST(End, AFunctionOfTheHostShowsAsFunction) {
    Interpreter vm;
    vm.def("area", [](double w, double h) { return w * h; });
    EXPECT_EQ(vm.run("area").repr(), "<built-in function area>");
    EXPECT_TRUE(vm.run("(5).bit_length").repr().starts_with("<built-in method bit_length of int object"));
}
