// Generators in the dispatch loop: the protocol, delegation, and what becomes of those that nobody holds.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/exec_fixture.h"
#include "vm/exec/exec.h"

#include "runtime/runtime.h"

using namespace gen;

// count(n) yields n, n-1 .. 1 plus what is sent, and returns 'done'. trap() yields inside a handler for ValueError and a finally.
constexpr const char* kGenerators = R"(.code m
    MAKE_FUNCTION r0, r0, @1
    STORE_GLOBAL  r0, 'count'
    MAKE_FUNCTION r0, r0, @2
    STORE_GLOBAL  r0, 'trap'
    BUILD_LIST    r0, r0, 0
    STORE_GLOBAL  r0, 'log'
    MAKE_FUNCTION r0, r0, @3
    STORE_GLOBAL  r0, 'over'
    RETURN_NONE
.code @1 count generator new_locals
.positional 1
.locals n
    LOAD_INT      r2, 0
    JUMP          Test
Body:
    ADD           r1, r0, r2
    YIELD         3, r1
    LOAD_SENT     r1
    LOAD_INT      r2, 0
    JUMP_IF_NONE  r1, Down
    MOVE          r2, r1
Down:
    ADD_INT       r0, r0, -1
Test:
    JUMP_GT_INT   r0, 0, Body ~r3
    LOAD_CONST    r1, 'done'
    GENERATOR_RETURN r1
.code @2 trap generator new_locals
.locals e
Try:
    LOAD_CONST    r1, 'ready'
    YIELD         3, r1 x=4
    LOAD_SENT     r1
    YIELD         3, r1 x=4
End:
    JUMP          Finally
Handler:
    LOAD_GLOBAL   r3, 'ValueError'
    JUMP_IF_NOT_MATCH r1, r3, Other
    LOAD_CONST    r1, 'caught'
    YIELD         3, r1
    JUMP          Finally
Other:
    LOAD_GLOBAL   r3, 'log'
    LOAD_CONST    r4, 'finally'
    LIST_APPEND   r3, r4
    RERAISE       r1
Finally:
    LOAD_GLOBAL   r3, 'log'
    LOAD_CONST    r4, 'end'
    LIST_APPEND   r3, r4
    LOAD_SPECIAL  r1, None
    GENERATOR_RETURN r1
.exception Try End -> Handler r1
.code @3 over generator new_locals
.positional 1
.locals it
    GET_YIELD_FROM r1, r0, r2
    LOAD_SPECIAL   r2, None
Loop:
    DELEGATE       r2, r1, Done
    YIELD          3, r2 x=1
    LOAD_SENT      r2
    JUMP           Loop
Done:
    BUILD_LIST     r2, r2, 1
    GENERATOR_RETURN r2
)";

class GeneratorTest : public ExecTest {
  protected:
    GeneratorTest() { run(kGenerators); }
    // A generator made by a function among the globals; kept alive.
    Value make(std::string_view function, std::initializer_list<Value> args = {}) {
        Value g = call(global(function), args).value();
        vm.roots.push_back(g);
        return g;
    }
    std::string method(Value g, std::string_view name, std::initializer_list<Value> args) {
        Outcome bound = op_getattr(vm, g, vm.intern(name));
        Outcome o = call(bound.value(), args);
        return o.is_value() ? repr(o.value()) : raised();
    }
    std::string send(Value g, Value v) { return method(g, "send", {v}); }
    std::string step(Value g) {
        Outcome o = next(g);
        return o.is_value() ? repr(o.value()) : raised();
    }
    // over(over(... (g)))
    Value wrapped(Value g, int times) {
        for (int i = 0; i < times; i++) {
            g = call(global("over"), {g}).value();
            vm.roots.back() = g;
        }
        return g;
    }
    std::string log() { return repr(global("log")); }
};

TEST_F(GeneratorTest, NextSendAndTheReturnValue) {
    Value g = make("count", {Value::integer(3)});
    EXPECT_EQ(send(g, Value::integer(1)), "TypeError: can't send non-None value to a just-started generator");
    EXPECT_EQ(step(g), "3");
    EXPECT_EQ(send(g, Value::integer(100)), "102");
    EXPECT_EQ(step(g), "1");
    EXPECT_EQ(step(g), "StopIteration: done");
    EXPECT_EQ(step(g), "StopIteration");
    EXPECT_EQ(g.as<Frame>()->state, kDone);
}

TEST_F(GeneratorTest, ThrowIsCaughtInsideAndCloseRunsFinally) {
    Value g = make("trap");
    EXPECT_EQ(step(g), "'ready'");
    EXPECT_EQ(method(g, "throw", {vm.make_exception(kShapeValueError, {})}), "'caught'");
    EXPECT_EQ(step(g), "StopIteration");
    EXPECT_EQ(log(), "['end']");
    g = make("trap");
    step(g);
    EXPECT_EQ(method(g, "close", {}), "None");
    EXPECT_EQ(log(), "['end', 'finally']");
    EXPECT_EQ(method(g, "close", {}), "None");
    EXPECT_EQ(step(g), "StopIteration");
    g = make("trap");
    step(g);
    EXPECT_EQ(method(g, "throw", {vm.make_exception(kShapeKeyError, {Value::integer(1)})}), "KeyError: 1");
    EXPECT_EQ(log(), "['end', 'finally', 'finally']");
}

TEST_F(GeneratorTest, ThrowingIntoWhatHasNotStartedFinishesIt) {
    Value g = make("trap");
    EXPECT_EQ(method(g, "throw", {vm.make_exception(kShapeValueError, {vm.str("early")})}),
              "ValueError: early");
    EXPECT_EQ(step(g), "StopIteration");
    EXPECT_EQ(log(), "[]");  // it never came to its try
    g = make("trap");
    EXPECT_EQ(method(g, "throw", {vm.make_exception(kShapeStopIteration, {})}),
              "RuntimeError: generator raised StopIteration");
}

TEST_F(GeneratorTest, AGeneratorThatRunsCannotBeResumed) {
    EXPECT_EQ(show(R"(.code m
    MAKE_FUNCTION r0, r0, @1
    CALL          r0, r0, 0
    STORE_GLOBAL  r0, 'self'
    INVOKE        r0, r0, 0, '__next__'
    RETURN        r0
.code @1 g generator new_locals
    LOAD_GLOBAL   r0, 'self'
    INVOKE        r0, r0, 0, '__next__'
    YIELD         1, r0
    GENERATOR_RETURN r0
)"),
              "ValueError: generator already executing");
}

TEST_F(GeneratorTest, DelegationPassesEverythingThroughEveryDepth) {
    for (int depth : {1, 2, 3, 100, 20000}) {
        Value g = wrapped(make("count", {Value::integer(3)}), depth);
        EXPECT_EQ(step(g), "3") << depth;
        EXPECT_EQ(send(g, Value::integer(10)), "12") << depth;
        EXPECT_EQ(step(g), "1") << depth;
        std::string result = "StopIteration: ";
        Outcome o = next(g);
        ASSERT_TRUE(o.is_raised());
        Value value = stop_value(vm, vm.exception);
        vm.exception = Value::unbound();
        int lists = 0;
        for (; value.as_object()->kind == Kind::List; lists++) value = value.as<List>()->items->items[0];
        EXPECT_EQ(lists, depth);
        EXPECT_EQ(value.as<Str>()->view(), "done");
    }
}

TEST_F(GeneratorTest, ThrowAndCloseReachTheInnermost) {
    for (int depth : {1, 5, 3000}) {
        Value g = wrapped(make("trap"), depth);
        EXPECT_EQ(step(g), "'ready'");
        EXPECT_EQ(method(g, "throw", {vm.make_exception(kShapeValueError, {})}), "'caught'");
        EXPECT_EQ(method(g, "close", {}), "None");
        EXPECT_EQ(g.as<Frame>()->state, kDone);
        g = wrapped(make("trap"), depth);
        step(g);
        EXPECT_EQ(method(g, "close", {}), "None");
        EXPECT_EQ(log(), "['finally']");
        list_clear(vm.heap, global("log").as<List>());
    }
}

TEST_F(GeneratorTest, ADelegateAdvancedFromOutsideIsFoundWhereItIs) {
    Value inner = make("count", {Value::integer(5)});
    vm.roots.push_back(inner);
    Value outer = wrapped(inner, 3);
    EXPECT_EQ(step(outer), "5");
    EXPECT_EQ(step(inner), "4");  // behind the delegators' backs: it is its own root now
    EXPECT_EQ(step(outer), "3");  // and paired with the outermost again
    EXPECT_EQ(step(inner), "2");
    EXPECT_EQ(step(inner), "1");
    EXPECT_EQ(step(inner), "StopIteration: done");
    EXPECT_EQ(step(outer), "StopIteration: [[[None]]]");
}

TEST_F(GeneratorTest, TheMiddleOfAChainCanBeResumedToo) {
    Value inner = make("count", {Value::integer(6)});
    Value middle = wrapped(inner, 2);
    vm.roots.push_back(middle);
    Value outer = wrapped(middle, 2);
    EXPECT_EQ(step(outer), "6");
    EXPECT_EQ(step(middle), "5");
    EXPECT_EQ(step(outer), "4");
    collect(Heap::Extent::Major);
    EXPECT_EQ(step(middle), "3");
    collect(Heap::Extent::Minor);
    EXPECT_EQ(step(outer), "2");
    EXPECT_EQ(step(middle), "1");
    EXPECT_EQ(step(outer), "StopIteration: [[[['done']]]]");
    EXPECT_EQ(step(middle), "StopIteration");
}

TEST_F(GeneratorTest, SuspendedChainsSurviveCollections) {
    Value g = wrapped(make("count", {Value::integer(40)}), 500);
    for (int i = 40; i > 0; i--) {
        EXPECT_EQ(step(g), std::to_string(i));
        collect(i % 3 ? Heap::Extent::Minor : Heap::Extent::Major);
        for (int k = 0; k < 2000; k++) vm.dict();  // would take the place of what was lost
    }
    EXPECT_TRUE(next(g).is_raised());
}

TEST_F(GeneratorTest, AnOldGeneratorKeepsWhatItGotLast) {
    // The value sent is young, and only a register of the old generator refers to it.
    run(R"(.code m
    MAKE_FUNCTION r0, r0, @1
    STORE_GLOBAL  r0, 'keep'
    RETURN_NONE
.code @1 keep generator new_locals
    LOAD_SPECIAL  r0, None
Loop:
    YIELD         1, r0
    LOAD_SENT     r0
    JUMP          Loop
)");
    Value g = make("keep");
    step(g);
    for (int i = 0; i < 20; i++) {
        collect(Heap::Extent::Minor);
        std::string text = "'young " + std::to_string(i) + "'";
        send(g, vm.str(text.substr(1, text.size() - 2)));
        collect(Heap::Extent::Minor);
        for (int k = 0; k < 2000; k++) vm.str("something else");
        EXPECT_EQ(repr(g.as<Frame>()->registers[0]), text);
    }
}

// Takes one value each from 20,000 generators that nobody else holds.
constexpr const char* kOwnedLoop = R"(.code m
    LOAD_INT      r0, 0
Again:
    LOAD_GLOBAL   r1, 'made'
    LOAD_INT      r2, 3
    CALL          r1, r1, %d x=1
    GET_ITER      r1, r1
    FOR_ITER      r2, r1, Body
    JUMP          After
Body:
    CLOSE_ITER    r1, 3 ~r3
After:
    ADD_INT       r0, r0, 1
    JUMP_LT_INT   r0, 20000, Again ~r3
    LOAD_GLOBAL   r1, 'len'
    LOAD_GLOBAL   r2, 'log'
    CALL          r1, r1, 1
    RETURN        r1
)";

std::string owned_loop(int arguments) {
    std::string text = kOwnedLoop;
    return text.replace(text.find("%d"), 2, std::to_string(arguments));
}

TEST_F(GeneratorTest, OwnedGeneratorsAreClosedWithTheirLoop) {
    vm.set(globals, "made", global("trap"));
    EXPECT_EQ(show(owned_loop(0)), "20000");  // every finally has run
    EXPECT_TRUE(vm.finalizable.empty());      // and none is left to be closed later
}

TEST_F(GeneratorTest, OwnedGeneratorsAreFreedWithTheirLoop) {
    vm.set(globals, "made", global("count"));
    size_t before = vm.heap.used();
    EXPECT_EQ(show(owned_loop(1)), "0");
    EXPECT_LE(vm.heap.used(), before + Heap::kSegment);  // one took the place of the other
#ifndef GEN_STRESS
    EXPECT_EQ(vm.heap.statistics().minor, 0u);
#endif
}

TEST_F(GeneratorTest, AnAbandonedGeneratorIsClosedAfterACollection) {
    Value g = call(global("trap"), {}).value();
    next(g);
    vm.call(Value::none(), {});
    for (Value& v : vm.request.args) v = Value::unbound();
    collect(Heap::Extent::Major);
    EXPECT_EQ(vm.dying.size(), 1u);
    vm.finalizing = true;
    EXPECT_TRUE(call(vm.natives.run_finalizers, {}).is_value());
    EXPECT_EQ(log(), "['finally']");
}
