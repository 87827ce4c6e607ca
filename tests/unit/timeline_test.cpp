// What a program's generators tell, as text: one line an event, "from -> to: label", delegations with "~>";
// and the drawing against the pictures in tests/timeline.
#include "runtime/host/timeline_recorder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/host/evaluate.h"
#include "runtime/host/import.h"
#include "runtime/host/short_text.h"
#include "runtime/host/system_clock.h"
#include "runtime/runtime.h"
#include "vm/code/verify.h"

using namespace gen;
namespace fs = std::filesystem;

namespace {

struct Observation {
    Timeline timeline;
    std::string out;
    bool raised = false;
};

Observation run(const std::string& text) {
    Observation result;
    RuntimeHost host;
    TimelineRecorder recorder;
    {
        VM vm;
        vm.clock = make_system_clock();
        auto sink = [&result](std::string_view s) {
            result.out += s;
            return true;
        };
        host.streams.out.open(sink, true);
        host.streams.err.open(sink, true);
        install_runtime(vm, host);
        Module* main = make_main_module(vm, "");
        vm.observer = &recorder;
        CompileOptions options;
        options.filename = "test.gen";
        options.observe_generators = true;
        Code* code = compile_source(vm, Source::from_text("test.gen", text), options);
        EXPECT_TRUE(code) << text;
        if (!code) return result;
        result.raised = vm.run_code(code, main->dict, Value::object(main->dict)).is_raised();
        vm.exception = Value::unbound();
        shut_down(vm, AtEnd::JoinThreads);
    }
    result.timeline = recorder.timeline();
    return result;
}

std::string events_of(const Timeline& t) {
    std::string text;
    for (const auto& e : t.events) {
        bool delegates = e.kind == Timeline::Kind::Delegate;
        text += t.lanes[e.from].name +
                (e.from == e.to ? "" : (delegates ? " ~> " : " -> ") + t.lanes[e.to].name) + ": " + e.verb;
        text += e.value.empty() ? "\n" : " " + e.value + "\n";
    }
    return text;
}
std::string events(const std::string& program) { return events_of(run(program).timeline); }

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

}  // namespace

TEST(Timeline, SentYieldedReturned) {
    EXPECT_EQ(events("def g():\n"
                     "    x = yield 1\n"
                     "    yield x * 2\n"
                     "    return 'end'\n"
                     "a = g()\n"
                     "next(a); a.send(21)\n"
                     "next(a, None)\n"),
              "main -> g: next\n"
              "g -> main: yield 1\n"
              "main -> g: send 21\n"
              "g -> main: yield 42\n"
              "main -> g: next\n"
              "g -> main: return 'end'\n");
}

TEST(Timeline, DelegationPassesStraightToTheConsumer) {
    EXPECT_EQ(events("def inner():\n"
                     "    got = yield 'a'\n"
                     "    return got\n"
                     "def outer():\n"
                     "    r = yield from inner()\n"
                     "    yield r\n"
                     "o = outer()\n"
                     "next(o); o.send(5)\n"),
              "main -> outer: next\n"
              "outer ~> inner: yield from\n"
              "inner -> main: yield 'a'\n"
              "main -> inner: send 5\n"
              "inner -> outer: return 5\n"
              "outer -> main: yield 5\n");
}

TEST(Timeline, GeneratorsThatConsumeGenerators) {
    EXPECT_EQ(events("def source():\n"
                     "    yield 3\n"
                     "def squares(numbers):\n"
                     "    for n in numbers: yield n * n\n"
                     "print(list(squares(source())))\n"),
              "main -> squares: next\n"
              "squares -> source: next\n"
              "source -> squares: yield 3\n"
              "squares -> main: yield 9\n"
              "main -> squares: next\n"
              "squares -> source: next\n"
              "source -> squares: return\n"
              "squares -> main: return\n");
}

TEST(Timeline, ForeignIterators) {
    EXPECT_EQ(events("def g():\n"
                     "    yield from 'x'\n"
                     "    yield from [7]\n"
                     "for v in g(): pass\n"),
              "main -> g: next\n"
              "g: yield from str\n"
              "g -> main: yield 'x'\n"
              "main -> g: next\n"
              "g: yield from list\n"
              "g -> main: yield 7\n"
              "main -> g: next\n"
              "g -> main: return\n");
}

TEST(Timeline, GeneratorExpressions) {
    EXPECT_EQ(events("sum(n * 10 for n in [1, 2])\n"),
              "main -> <genexpr>: next\n"
              "<genexpr> -> main: yield 10\n"
              "main -> <genexpr>: next\n"
              "<genexpr> -> main: yield 20\n"
              "main -> <genexpr>: next\n"
              "<genexpr> -> main: return\n");
}

TEST(Timeline, ThrownIn) {
    EXPECT_EQ(events("def g():\n"
                     "    try:\n"
                     "        yield 1\n"
                     "    except ValueError as e:\n"
                     "        yield e\n"
                     "a = g()\n"
                     "next(a); a.throw(ValueError('no'))\n"
                     "try: a.throw(KeyError)\n"
                     "except KeyError: pass\n"),
              "main -> g: next\n"
              "g -> main: yield 1\n"
              "main -> g: throw ValueError('no')\n"
              "g -> main: yield ValueError('no')\n"
              "main -> g: throw KeyError()\n"
              "g -> main: raise KeyError()\n");
    // Into one that has not started, and into the leaf of a delegation.
    EXPECT_EQ(events("def g(): yield 1\n"
                     "try: g().throw(OSError)\n"
                     "except OSError: pass\n"),
              "main -> g: throw OSError()\n"
              "g -> main: raise OSError()\n");
    EXPECT_EQ(events("def inner(): yield 1\n"
                     "def outer():\n"
                     "    try: yield from inner()\n"
                     "    except OSError: yield 2\n"
                     "o = outer(); next(o); o.throw(OSError)\n"),
              "main -> outer: next\n"
              "outer ~> inner: yield from\n"
              "inner -> main: yield 1\n"
              "main -> inner: throw OSError()\n"
              "inner -> outer: raise OSError()\n"
              "outer -> main: yield 2\n"
              "main -> outer: close\n"  // at exit: it was suspended inside its `try`
              "outer -> main: closed\n");
}

TEST(Timeline, ClosedAndCollected) {
    EXPECT_EQ(events("def g():\n"
                     "    try: yield 1\n"
                     "    finally: pass\n"
                     "a = g(); next(a); a.close(); a.close()\n"
                     "g().close()\n"
                     "for x in g(): break\n"),
              "main -> g: next\n"
              "g -> main: yield 1\n"
              "main -> g: close\n"
              "g -> main: closed\n"
              "main -> g: next\n"
              "g -> main: yield 1\n"
              "main -> g: close\n"
              "g -> main: closed\n");
    // Collected; the memory of others that are gone serves new ones, which have lanes of their own.
    Observation r =
        run("import gc\n"
            "def g():\n"
            "    try: yield 1\n"
            "    finally: print('closed')\n"
            "def drop():\n"
            "    a = g(); next(a)\n"
            "drop(); gc.collect(); print('collected')\n");
    EXPECT_EQ(r.out, "closed\ncollected\n");
    EXPECT_EQ(events_of(r.timeline),
              "main -> g: next\n"
              "g -> main: yield 1\n"
              "collector -> g: close\n"
              "g -> collector: closed\n");
    r =
        run("def g(n): yield n\n"
            "for i in range(5): next(g(i))\n"
            "for i in range(5):\n"
            "    for x in g(i): pass\n");
    EXPECT_EQ(r.timeline.lanes.size(), 11u);
}

TEST(Timeline, ExceptionsThatEscape) {
    Observation r =
        run("def g():\n"
            "    yield 1\n"
            "    raise RuntimeError('boo')\n"
            "for x in g(): print(x)\n");
    EXPECT_TRUE(r.raised);
    EXPECT_EQ(r.out, "1\n");
    EXPECT_EQ(events_of(r.timeline),
              "main -> g: next\n"
              "g -> main: yield 1\n"
              "main -> g: next\n"
              "g -> main: raise RuntimeError('boo')\n");
    // PEP 479.
    EXPECT_EQ(events("def g():\n"
                     "    next(iter([]))\n"
                     "    yield\n"
                     "next(g())\n"),
              "main -> g: next\n"
              "g -> main: raise RuntimeError('gener…\n");
}

TEST(Timeline, YieldsInsideHandlersAndAwait) {
    EXPECT_EQ(events("def g():\n"
                     "    try: 1 / 0\n"
                     "    except ZeroDivisionError:\n"
                     "        got = yield 1\n"
                     "        yield got\n"
                     "a = g(); next(a); a.send('s')\n"),
              "main -> g: next\n"
              "g -> main: yield 1\n"
              "main -> g: send 's'\n"
              "g -> main: yield 's'\n");
    EXPECT_EQ(events("async def inner(): return 1\n"
                     "async def outer(): return await inner()\n"
                     "try: outer().send(None)\n"
                     "except StopIteration: pass\n"),
              "main -> outer: next\n"
              "outer ~> inner: await\n"
              "inner -> outer: return 1\n"
              "outer -> main: return 1\n");
}

TEST(Timeline, LibraryCodeIsNotObserved) {
    EXPECT_EQ(events("import contextlib, itertools\n"
                     "@contextlib.contextmanager\n"
                     "def manager(): yield 7\n"
                     "with manager() as m: pass\n"
                     "list(itertools.chain([1], [2]))\n"),
              "main -> manager: next\n"
              "manager -> main: yield 7\n"
              "main -> manager: next\n"
              "manager -> main: return\n");
}

TEST(Timeline, ProgramsThatAreCompiledAtRunTime) {
    EXPECT_EQ(events("exec('def g():\\n    yield 1\\na = g(); next(a)')\n"),
              "main -> g: next\n"
              "g -> main: yield 1\n");
}

TEST(Timeline, Bounded) {
    Observation r =
        run("def g():\n"
            "    for i in range(1000): yield i\n"
            "for x in g(): pass\n"
            "print(x)\n");
    EXPECT_EQ(r.out, "999\n");
    EXPECT_EQ(r.timeline.events.size(), Timeline::kMaxEvents);
    EXPECT_EQ(r.timeline.more, 2002 - Timeline::kMaxEvents);
    EXPECT_NE(timeline_svg(r.timeline).find("… and 1602 more events"), std::string::npos);
    r =
        run("def deep(n):\n"
            "    if n: yield from deep(n - 1)\n"
            "    else: yield 'bottom'\n"
            "print(list(deep(100)))\n");
    EXPECT_EQ(r.out, "['bottom']\n");
    EXPECT_LE(r.timeline.lanes.size(), Timeline::kMaxLanes);
    EXPECT_GT(r.timeline.more, 0u);
}

TEST(Timeline, ShortTexts) {
    Observation r =
        run("class Point:\n"
            "    def __repr__(self): raise SystemError('not to be called')\n"
            "class Items(list): pass\n"
            "def f(): pass\n"
            "def g():\n"
            "    yield 'x' * 10**6\n"
            "    yield list(range(10**5))\n"
            "    yield {'a': (1,), 'b': {2}}\n"
            "    yield Point()\n"
            "    yield Items()\n"
            "    yield 7 ** 10000\n"
            "    yield [[[[1]]]]\n"
            "    yield f, Point, 2.5, True, b'by'\n"
            "    yield 'ä' * 50\n"
            "    yield f\n"
            "for x in g(): pass\n");
    std::string values;
    for (const auto& e : r.timeline.events)
        if (e.verb == "yield") values += e.value + "\n";
    EXPECT_EQ(values,
              "'xxxxxxxxxxxxxxxxxx…\n"
              "[0, 1, 2, 3, 4, 5, …\n"
              "{'a': (1,), 'b': {2…\n"
              "<Point>\n<Items>\n<int>\n"
              "[[[<list>]]]\n"
              "(f, Point, 2.5, Tru…\n"
              "'ääääääääääääääääää…\n"
              "f\n");
}

TEST(Timeline, TheDrawingIsXml) {
    Timeline t;
    t.lanes = {{"main", false}, {"<genexpr>", true}, {"<genexpr>", true}};
    t.events = {{Timeline::Kind::Resume, 0, 1, "send", "'a & b < \"c\"'"},
                {Timeline::Kind::Yield, 1, 0, "yield", "\x01\xed\xa0\x80"},
                {Timeline::Kind::Resume, 0, 2, "next", ""}};
    std::string svg = timeline_svg(t);
    EXPECT_NE(svg.find("'a &amp; b &lt; &quot;c&quot;'"), std::string::npos);
    EXPECT_NE(svg.find("</tspan> \uFFFD\uFFFD</text>"), std::string::npos);
    EXPECT_NE(svg.find(">&lt;genexpr&gt; 1<"), std::string::npos);
    EXPECT_NE(svg.find(">&lt;genexpr&gt; 2<"), std::string::npos);
    EXPECT_NE(timeline_svg({{{"main", false}}, {}, 0}).find("</svg>"),
              std::string::npos);  // nothing happened
}

TEST(Timeline, ObservedCodeIsValid) {
    VM vm;
    int count = 0;
    for (const auto& entry : fs::directory_iterator(GEN_SOURCE_DIR "/tests/gen")) {
        if (entry.path().extension() != ".gen") continue;
        CodeBuilder builder(vm.heap, vm.strings);
        CompileOptions options;
        options.observe_generators = true;
        CompileResult r = compile(builder, Source::from_text("test.gen", read(entry.path())), options);
        ASSERT_TRUE(r.code) << entry.path();
        EXPECT_EQ(verify(*r.code), "") << entry.path();
        count++;
    }
    EXPECT_GT(count, 10);
}

// `./timeline_test` with GEN_BLESS set writes them anew.
TEST(Timeline, Pictures) {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(GEN_SOURCE_DIR "/tests/timeline")) {
        fs::path picture = fs::path(entry.path()).replace_extension(".svg");
        if (entry.path().extension() != ".gen" || (!fs::exists(picture) && !getenv("GEN_BLESS"))) continue;
        std::string program = read(entry.path());
        if (program.starts_with("# run:")) continue;  // a test of the command line
        count++;
        std::string svg = timeline_svg(run(program).timeline);
        EXPECT_EQ(svg, timeline_svg(run(program).timeline)) << "differs from run to run";
        if (getenv("GEN_BLESS")) std::ofstream(picture, std::ios::binary) << svg;
        EXPECT_TRUE(read(picture) == svg) << picture << " is another picture now";
    }
    EXPECT_GE(count, 4);
}
