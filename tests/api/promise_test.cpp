// Functions of the host that are waited for.
#include "gen/gen.h"

#include <gtest/gtest.h>

#include <deque>

using gen::Error;
using gen::Interpreter;
using gen::Progress;
using gen::Promise;
using gen::Ref;
using gen::Task;

namespace {

struct World {
    std::deque<Promise> questions;
    Interpreter vm;
    World() {
        vm.def("ask", [this](const std::string& text) {
            asked.push_back(text);
            return questions.emplace_back(vm);
        });
    }
    std::vector<std::string> asked;
};

}  // namespace

TEST(Promises, AreWaitedForInTheScript) {
    World w;
    Task task = w.vm.start("ask('name?') + ' ' + str(sum(ask('n?') for _ in range(2)))");
    Task other = w.vm.start("'other'");
    EXPECT_EQ(w.vm.run_for(), Progress::Waiting);
    EXPECT_TRUE(other.done());
    EXPECT_EQ(task.status(), "waits for the host");
    EXPECT_FALSE(w.questions[0].settled());
    w.questions[0].resolve("Ada");
    EXPECT_TRUE(w.questions[0].settled());
    w.questions[0].resolve("Bob");  // too late
    EXPECT_EQ(w.vm.run_for(), Progress::Waiting);
    w.questions[1].resolve(40);
    EXPECT_EQ(w.vm.run_for(), Progress::Waiting);
    w.questions[2].resolve(2);
    EXPECT_EQ(w.vm.run_for(), Progress::Done);
    EXPECT_EQ(task.result().as<std::string>(), "Ada 42");
    EXPECT_EQ(w.asked.size(), 3u);
}

TEST(Promises, ThatAreSettledNeedNoWaiting) {
    Interpreter vm;
    Promise good(vm), bad(vm), nothing(vm);
    good.resolve(7.5);
    nothing.resolve();
    bad.fail("KeyError", "no");
    vm.def("good", [&] { return good; });
    vm.def("bad", [&] { return bad; });
    vm.def("nothing", [&](const std::vector<Ref>&) { return nothing; });
    EXPECT_EQ(vm.run("good() * 2").as<double>(), 15);
    EXPECT_TRUE(vm.run("nothing(1, 2)").is_none());
    EXPECT_EQ(vm.run("try:\n    bad()\nexcept KeyError as e:\n    r = e.args[0]\nr").as<std::string>(), "no");
}

TEST(Promises, CanFail) {
    World w;
    Task task = w.vm.start("try:\n    ask('?')\nexcept ValueError as e:\n    r = str(e)\nr");
    w.vm.run_for();
    w.questions[0].fail("ValueError", "no answer");
    EXPECT_EQ(w.vm.run_for(), Progress::Done);
    EXPECT_EQ(task.result().as<std::string>(), "no answer");
    // Dropped before and after somebody waits.
    Task dropped = w.vm.start("ask('?')");
    w.vm.run_for();
    w.questions.clear();
    w.vm.def("forget", [&] { return Promise(w.vm); });
    Task forgotten = w.vm.start("forget()");
    EXPECT_EQ(w.vm.run_for(), Progress::Done);
    for (const Task& t : {dropped, forgotten}) {
        try {
            t.result();
            ADD_FAILURE();
        } catch (const Error& e) {
            EXPECT_STREQ(e.what(), "RuntimeError: the host has dropped its promise");
        }
    }
}

TEST(Promises, ManyMayWaitForOne) {
    Interpreter vm;
    Promise gate(vm);
    vm.def("gate", [&] { return gate; });
    std::vector<Task> tasks;
    for (int i = 0; i < 100; i++) tasks.push_back(vm.start("gate()"));
    tasks[7].raise("SystemExit");
    vm.run_for();
    tasks[8].raise("SystemExit");  // it no longer waits
    vm.run("import gc\ngc.collect()");
    gate.resolve(vm.run("[1, 2]"));
    EXPECT_EQ(vm.run_for(), Progress::Done);
    EXPECT_EQ(tasks[99].result().repr(), "[1, 2]");
    EXPECT_THROW(tasks[7].result(), Error);
    EXPECT_THROW(tasks[8].result(), Error);
}

TEST(Promises, NobodyWaitsWhereItIsImpossible) {
    World w;
    auto error = [&](const char* source) -> std::string {
        try {
            w.vm.run(source, "main.gen");
        } catch (const Error& e) {
            return e.message();
        }
        return "nothing";
    };
    EXPECT_EQ(error("ask('?')"),
              "deadlock: every thread waits, and nothing can wake one\n"
              "  thread 0 (MainThread) waits for the host\n    File \"main.gen\", line 1, in <module>");
    w.vm.def("call", [](Ref f) { return f(); });
    EXPECT_EQ(error("call(lambda: ask('?'))"), "cannot wait inside a call from the host");
    Interpreter other;
    w.vm.def("foreign", [&] { return Promise(other); });
    EXPECT_EQ(error("foreign()"), "a promise of another interpreter");
    EXPECT_THROW(Promise().resolve(1), Error);
    EXPECT_THROW(w.questions[0].resolve(other.value(1)), Error);
    EXPECT_EQ(w.vm.run("6 * 7").as<int>(), 42);
}
