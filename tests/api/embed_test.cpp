// The public interface: values both ways, host functions, errors, generators driven from C++, limits.
#include "gen/gen.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

using gen::Error;
using gen::Interpreter;
using gen::Ref;

TEST(Embed, RunGivesTheLastExpression) {
    Interpreter vm;
    EXPECT_EQ(vm.run("1 + 2").as<int>(), 3);
    EXPECT_EQ(vm.run("x = 6\nx * 7").as<int64_t>(), 42);
    EXPECT_TRUE(vm.run("y = 1").is_none());
    EXPECT_EQ(vm.run("'a' + 'b'").as<std::string>(), "ab");
    EXPECT_DOUBLE_EQ(vm.run("x / 4").as<double>(), 1.5);
    EXPECT_TRUE(vm.run("x == 6").as<bool>());
    EXPECT_EQ(vm.run("2 ** 100").str(), "1267650600228229401496703205376");
    EXPECT_EQ(vm.run("[1, 'a']").repr(), "[1, 'a']");
}

TEST(Embed, GlobalsAndCalls) {
    Interpreter vm;
    vm.run("def area(w, h):\n    return w * h\n");
    EXPECT_EQ(vm.call("area", 3, 4).as<int>(), 12);
    vm.set("factor", vm.value(2.5));
    EXPECT_DOUBLE_EQ(vm.run("area(factor, 2)").as<double>(), 5.0);
    EXPECT_THROW(vm.get("nowhere"), Error);
    Ref list = vm.run("[10, 20, 30]");
    EXPECT_EQ(list.size(), 3u);
    EXPECT_EQ(list.item(vm.value(-1)).as<int>(), 30);
    list.method("append", "x");
    EXPECT_EQ(list.repr(), "[10, 20, 30, 'x']");
    EXPECT_EQ(vm.run("import math\nmath").attribute("pi").as<double>(), 3.141592653589793);
}

TEST(Embed, Containers) {
    Interpreter vm;
    Ref scores = vm.value(std::map<std::string, std::vector<int>>{{"ada", {1, 2}}, {"bob", {}}});
    EXPECT_EQ(scores.repr(), "{'ada': [1, 2], 'bob': []}");
    scores.set_item(vm.value("cid"), vm.value(std::vector<std::string>{"x"}));
    EXPECT_EQ(scores.item(vm.value("cid")).as<std::vector<std::string>>(), std::vector<std::string>{"x"});
    EXPECT_THROW(vm.run("(1, 2)").set_item(vm.value(0), vm.none()), Error);
    EXPECT_EQ(vm.run("(n * n for n in range(4))").as<std::vector<int>>(), (std::vector<int>{0, 1, 4, 9}));
    EXPECT_EQ(vm.run("[[1.5], []]").as<std::vector<std::vector<double>>>().size(), 2u);
    EXPECT_THROW(vm.run("['a']").as<std::vector<int>>(), Error);
    vm.def("mean", [](const std::vector<double>& xs) {
        double sum = 0;
        for (double x : xs) sum += x;
        return sum / double(xs.size());
    });
    vm.def("flags", [] { return std::vector<bool>{true, false}; });
    EXPECT_DOUBLE_EQ(vm.run("mean({1, 2, 6})").as<double>(), 3);
    EXPECT_EQ(vm.run("flags()").repr(), "[True, False]");
    Ref plain = vm.function("plain", [](int n) { return n + 1; });
    EXPECT_EQ(plain(41).as<int>(), 42);
    EXPECT_THROW(vm.get("plain"), Error);
    Interpreter other;
    EXPECT_THROW(scores.set_item(vm.value("x"), other.value(1)), Error);
    EXPECT_THROW(vm.set("x", other.value(1)), Error);
}

static int64_t twice(int64_t n) { return 2 * n; }

TEST(Embed, HostFunctions) {
    Interpreter vm;
    std::string log;
    vm.def("twice", twice);
    vm.def("hypotenuse", [](double a, double b) { return a * a + b * b; });
    vm.def("log", [&](const std::string& text) { log += text + ";"; });
    vm.def("total", [](const std::vector<Ref>& values) {
        int64_t sum = 0;
        for (const Ref& v : values) sum += v.as<int64_t>();
        return sum;
    });
    vm.def("apply", [](Ref f, Ref x) { return f(x); });
    EXPECT_EQ(vm.run("twice(21)").as<int>(), 42);
    EXPECT_DOUBLE_EQ(vm.run("hypotenuse(3, 4.0)").as<double>(), 25.0);
    EXPECT_TRUE(vm.run("log('a'); log('b')").is_none());
    EXPECT_EQ(log, "a;b;");
    EXPECT_EQ(vm.run("total(1, 2, 3, 4)").as<int>(), 10);
    EXPECT_EQ(vm.run("apply(lambda n: n + 1, 4)").as<int>(), 5);
    EXPECT_EQ(vm.run("sorted([3, 1, 2], key=lambda n: -twice(n))").repr(), "[3, 2, 1]");
}

TEST(Embed, ErrorsOfScripts) {
    Interpreter vm;
    vm.run("def divide(a, b):\n    return a / b\n", "tool.gen");
    try {
        vm.run("divide(1, 0)", "main.gen");
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(e.type(), "ZeroDivisionError");
        EXPECT_EQ(e.message(), "division by zero");
        EXPECT_EQ(e.traceback(),
                  "Traceback (most recent call last):\n"
                  "  File \"main.gen\", line 1, in <module>\n"
                  "    divide(1, 0)\n"
                  "  File \"tool.gen\", line 2, in divide\n"
                  "    return a / b\n"
                  "           ~~^~~\n"
                  "ZeroDivisionError: division by zero\n");
    }
    try {
        vm.run("x = = 1", "bad.gen");
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(e.type(), "SyntaxError");
    }
    EXPECT_THROW(vm.run("'text'").as<int>(), Error);
    EXPECT_THROW(vm.run("300").as<int8_t>(), Error);
}

TEST(Embed, ErrorsOfTheHost) {
    Interpreter vm;
    vm.def("find", [](const std::string& name) -> int64_t {
        if (name == "odd") throw std::out_of_range("no such thing");
        throw Error("KeyError", name);
    });
    EXPECT_EQ(vm.run("try:\n    find('x')\nexcept KeyError as e:\n    r = e.args[0]\nr").as<std::string>(),
              "x");
    EXPECT_EQ(vm.run("try:\n    find('odd')\nexcept RuntimeError as e:\n    r = str(e)\nr").as<std::string>(),
              "no such thing");
    EXPECT_EQ(vm.run("try:\n    find(3)\nexcept TypeError as e:\n    r = str(e)\nr").as<std::string>(),
              "expected str, got int");
    EXPECT_EQ(vm.run("try:\n    find()\nexcept TypeError as e:\n    r = str(e)\nr").as<std::string>(),
              "find() takes 1 positional argument but 0 were given");
}

TEST(Embed, GeneratorsFromTheHost) {
    Interpreter vm;
    vm.run(
        "def talk(n):\n"
        "    try:\n"
        "        while True:\n"
        "            got = yield n\n"
        "            if got is None:\n"
        "                return 'done'\n"
        "            n += got\n"
        "    except ValueError as e:\n"
        "        yield f'caught {e}'\n"
        "    finally:\n"
        "        global closed\n"
        "        closed = True\n");
    Ref g = vm.call("talk", 1);
    EXPECT_EQ(g.next()->as<int>(), 1);
    EXPECT_EQ(g.send(vm.value(10))->as<int>(), 11);
    EXPECT_EQ(g.raise("ValueError", "no")->as<std::string>(), "caught no");
    EXPECT_FALSE(g.next());
    g = vm.call("talk", 5);
    g.next();
    EXPECT_FALSE(g.next());
    EXPECT_EQ(g.result().as<std::string>(), "done");
    vm.run("closed = False");
    g = vm.call("talk", 5);
    g.next();
    g.close();
    EXPECT_TRUE(vm.run("closed").as<bool>());
    int64_t sum = 0;
    for (const Ref& v : vm.run("(n * n for n in range(5))").each()) sum += v.as<int64_t>();
    EXPECT_EQ(sum, 30);
}

TEST(Embed, OutputGoesToTheHost) {
    std::string out;
    Interpreter vm({.out = [&](std::string_view text) { out += text; }});
    vm.run("print('hello', 1)");
    EXPECT_EQ(out, "hello 1\n");
}

TEST(Embed, NothingIsGrantedByDefault) {
    Interpreter vm;
    EXPECT_THROW(vm.run("open('/etc/passwd')"), Error);
    EXPECT_EQ(vm.run("import os\nlen(os.environ)").as<int>(), 0);
    for (const char* refused :
         {"import socket\nsocket.socket()", "import subprocess\nsubprocess.run(['true'])",
          "import signal\nsignal.signal(signal.SIGUSR1, print)"})
        EXPECT_THROW(vm.run(refused), Error) << refused;
    EXPECT_EQ(
        vm.run("import asyncio\nasync def main(): return await asyncio.sleep(0.001, 7)\nasyncio.run(main())")
            .as<int>(),
        7);
}

#ifdef __linux__
// Ranges of this process's memory that can be executed and come from no file.
static int executable_ranges() {
    std::ifstream maps("/proc/self/maps");
    int n = 0;
    for (std::string line; std::getline(maps, line);)
        n += line.substr(0, line.find(' ', line.find(' ') + 1)).find('x') != std::string::npos &&
             line.find('/') == std::string::npos && line.find('[') == std::string::npos;
    return n;
}

TEST(Embed, PatternsBecomeMachineCodeOnlyIfGranted) {
    const char* program =
        "import re\n"
        "sum(len(re.findall('[a-z]+', 'some words')) for _ in range(200))";
    const int before = executable_ranges();
    gen::Interpreter bare;
    EXPECT_EQ(bare.run(program).as<int>(), 400);
    EXPECT_EQ(executable_ranges(), before);
    gen::Interpreter granted({.machine_code = true});
    EXPECT_EQ(granted.run(program).as<int>(), 400);
}
#endif

TEST(Embed, LimitsCanBeSurvived) {
    Interpreter vm({.memory = 32 << 20, .stack = 4 << 20});
    EXPECT_EQ(vm.run("def deep(n):\n    return deep(n + 1)\n"
                     "try:\n    deep(0)\nexcept RecursionError:\n    r = 'too deep'\nr")
                  .as<std::string>(),
              "too deep");
    EXPECT_EQ(vm.run("try:\n    [0] * 10**9\nexcept MemoryError:\n    r = 'too much'\nr").as<std::string>(),
              "too much");
    vm.set_step_limit(100000);
    EXPECT_THROW(vm.run("while True:\n    pass"), Error);
    vm.set_step_limit(0);
    EXPECT_EQ(vm.run("40 + 2").as<int>(), 42);
}

// What a limit of the host does to a script: neither `except` nor `finally` nor `with` holds it up.
TEST(Embed, TerminationCannotBeCaught) {
    const char* const stubborn[] = {
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException: caught = True",
        "while True:\n    try:\n        while True: pass\n    except: caught = True",
        "while True:\n    try:\n        while True: pass\n    except* BaseException: caught = True",
        "while True:\n    try:\n        while True: pass\n    finally:\n        continue",
        "while True:\n    try:\n        while True: pass\n    finally:\n        while True: pass",
        "class Holding:\n    def __enter__(self): pass\n    def __exit__(self, *e): return True\n"
        "while True:\n    with Holding():\n        while True: pass",
        "import contextlib\nwhile True:\n    with contextlib.suppress(BaseException):\n        while True: "
        "pass",
        "def g():\n    while True:\n        try: yield 1\n        except GeneratorExit: pass\nwhile True:\n  "
        "  for x in g(): break",
        "def f(): return f()\nwhile True:\n    try: f()\n    except: pass",
        "sorted([3, 2, 1] * 1000, key=lambda x: [0 for _ in range(10**9)])",
    };
    Interpreter vm({.stack = 4 << 20});
    for (const char* source : stubborn) {
        SCOPED_TRACE(source);
        vm.set_step_limit(300'000);
        try {
            vm.run(source);
            ADD_FAILURE() << "it ended";
        } catch (const Error& e) {
            EXPECT_EQ(e.type(), "Terminated");
            EXPECT_EQ(e.message(), "the step limit is reached");
        }
        vm.set_step_limit(0);
        EXPECT_EQ(vm.run("40 + 2").as<int>(), 42);
    }
    EXPECT_THROW(vm.get("caught"), Error);
}

TEST(Embed, TerminationLetsFinallyRun) {
    Interpreter vm;
    vm.set_step_limit(100'000);
    EXPECT_THROW(
        vm.run("log = []\n"
               "class Block:\n    def __enter__(self): log.append('in')\n    def __exit__(self, *e): "
               "log.append(e[0].__name__)\n"
               "try:\n    with Block():\n        while True: pass\nfinally:\n    log.append('finally')"),
        Error);
    EXPECT_THROW(vm.run("log.append('the limit is still reached'); [0 for _ in range(100000)]"), Error);
    vm.set_step_limit(0);
    EXPECT_EQ(vm.run("log[:3]").repr(), "['in', 'Terminated', 'finally']");
}

// What was at work when the interpreter was terminated is over, and does not stand in the way of what comes.
TEST(Embed, TerminationEndsWhatWasBeingClosed) {
    Interpreter vm;
    vm.run(R"(
def inner():
    try:
        yield
    finally:
        while True:
            pass

def outer(g):
    yield from g

first, second = outer(inner()), outer(outer(inner()))
next(first), next(second)

class Endless:
    def __del__(self):
        while True:
            pass

class Deleted:
    def __del__(self):
        deleted.append(1)

deleted = []
)");
    for (const char* source : {"first.close()", "second.close()", "Endless()\nimport gc\ngc.collect()"}) {
        vm.set_step_limit(50'000);
        try {
            vm.run(source);
            ADD_FAILURE() << source;
        } catch (const Error& e) {
            EXPECT_EQ(e.type(), "Terminated");
        }
        vm.set_step_limit(0);
    }
    EXPECT_EQ(vm.run("first.gi_running, second.gi_running, first.close(), second.close()").repr(),
              "(False, False, None, None)");
    vm.run("Deleted()\ngc.collect()\nfor _ in range(100_000): pass");
    EXPECT_EQ(vm.get("deleted").size(), 1u);
}

TEST(Embed, TimeLimitsAndTerminationFromAnotherThread) {
    Interpreter vm;
    vm.set_time_limit(0.05);
    try {
        vm.run("while True: pass");
        ADD_FAILURE();
    } catch (const Error& e) {
        EXPECT_EQ(e.message(), "the deadline has passed");
    }
    vm.set_time_limit(1e300);  // longer than any clock counts
    EXPECT_EQ(vm.run("sum([1 for _ in range(100000)])").as<int>(), 100000);
    vm.set_time_limit(0);
    std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        vm.terminate();
    });
    try {
        vm.run("while True:\n    try:\n        while True: pass\n    except BaseException: pass");
        ADD_FAILURE();
    } catch (const Error& e) {
        EXPECT_EQ(e.message(), "the host has interrupted the script");
    }
    other.join();
    EXPECT_EQ(vm.run("6 * 7").as<int>(), 42);

    std::thread third([&] {  // a script that waits is terminated as one that runs
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        vm.terminate();
    });
    try {
        vm.run("import time\ntry:\n    time.sleep(60)\nexcept BaseException: pass");
        ADD_FAILURE();
    } catch (const Error& e) {
        EXPECT_EQ(e.type(), "Terminated");
    }
    third.join();

    // A limit ends waits that would last longer, for time or for anything else, and the wait of a finally, too.
    for (const char* wait : {"time.sleep(60)", "threading.Lock().acquire() and threading.Event().wait(60)",
                             "asyncio.run(asyncio.sleep(60))"}) {
        auto start = std::chrono::steady_clock::now();
        vm.set_time_limit(0.05);
        try {
            vm.run("import asyncio, threading, time\ntry:\n    " + std::string(wait) +
                   "\nexcept BaseException: pass\nfinally: time.sleep(60)");
            ADD_FAILURE();
        } catch (const Error& e) {
            EXPECT_EQ(e.type(), "Terminated") << wait;
        }
        vm.set_time_limit(0);
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << wait;
    }
    EXPECT_EQ(vm.run("6 * 7").as<int>(), 42);
}

TEST(Embed, ARunCanBeRepeated) {
    auto run = [](uint64_t seed) {
        gen::Interpreter vm({.virtual_time = true, .seed = seed});
        return vm
            .run(
                "import time, random\ntime.sleep(3600)\nf'{time.monotonic()} {hash(str())} {hash(str(1))} "
                "{random.random()} {object()}'")
            .as<std::string>();
    };
    EXPECT_EQ(run(1), run(1));
    EXPECT_NE(run(1), run(2));
    EXPECT_EQ(run(1).substr(0, 7), "3601.0 ");
}

TEST(Embed, ManyInterpreters) {
    Interpreter a, b;
    a.run("x = 'a'");
    b.run("x = 'b'");
    EXPECT_EQ(a.run("x").as<std::string>() + b.run("x").as<std::string>(), "ab");
    Ref outlives;
    {
        Interpreter c;
        outlives = c.run("[1, 2, 3]");
    }
    EXPECT_EQ(outlives.repr(), "[1, 2, 3]");
}
