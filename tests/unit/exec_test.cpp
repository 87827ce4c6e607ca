// The dispatch loop, driven by assembled bytecode: what each part of the execution side does, without the compiler.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>

#include "runtime/runtime.h"
#include "vm/code/assembler.h"
#include "vm/code/verify.h"
#include "vm/exec/define.h"
#include "vm/exec/exec.h"
#include "vm/exec/step.h"

using namespace gen;

namespace {

// collect(major) for programs: a collection right here, with everything that runs in place.
Outcome collect_step(VM& vm, NativeFrame& frame) {
    collect_garbage(vm, &frame, frame[0].is_true() ? Heap::Extent::Major : Heap::Extent::Minor);
    return Value::none();
}
constinit const NativeDef kCollect = {.signature = "collect(major)", .step = collect_step};

// twice(f): calls f two times and adds the results; a step native with a local.
Outcome twice_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, vm.call(frame[0], {}));
            frame[1] = frame.result();
            AWAIT(2, vm.call(frame[0], {}));
    }
    return op_binary(vm, BinaryOp::Add, frame[1], frame.result());
}
constinit const NativeDef kTwice = {.signature = "twice(f)", .step = twice_step, .locals = 1};

// attempt(f): what f raises, as a value.
Outcome attempt_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT_CATCHING(1, vm.call(frame[0], {}));
    }
    return frame.result().is_unbound() ? vm.caught : frame.result();
}
constinit const NativeDef kAttempt = {.signature = "attempt(f)", .step = attempt_step};

// nested(f): a plain native, as a host's function is, that enters the interpreter once more.
Outcome nested(VM& vm, Value* args) { return vm.run(args[0], {}); }
constinit const NativeDef kNestedCall = {.signature = "nested(f)", .fn = nested};

class ExecTest : public testing::Test {
  protected:
    ExecTest() {
        install_runtime(vm, host);
        globals = vm.dict();
        vm.roots.push_back(Value::object(globals));
        vm.set(globals, vm.names.name, vm.str("test"));
        for (const NativeDef* def : {&kCollect, &kTwice, &kAttempt, &kNestedCall}) {
            std::string_view text = def->signature.text;
            vm.set(globals, text.substr(0, text.find('(')), make_native(vm, *def));
        }
    }

    // Runs the first code of the text as a module; a global is how it shares things with others.
    Outcome run(std::string_view text) {
        AssembleResult r = assemble(builder, text);
        EXPECT_EQ(r.error, "");
        if (!r.code) return Value::unbound();
        EXPECT_EQ(verify(*r.code), "");
        return vm.run_code(r.code, globals, Value::none());
    }
    // The result as text: 12, 1.5, 'abc', None, (1, 2); exceptions as "ValueError: text".
    std::string show(std::string_view text) {
        Outcome o = run(text);
        return o.is_value() ? repr(o.value()) : raised();
    }
    std::string repr(Value v) {
        vm.roots.push_back(v);
        Outcome o = vm.run(vm.get(vm.builtins, vm.intern("repr")), {v});
        vm.roots.pop_back();
        return o.is_value() ? std::string(o.value().as<Str>()->view()) : raised();
    }
    std::string raised() {
        Value e = vm.exception;
        vm.exception = Value::unbound();
        if (!e.is_object()) return "nothing was raised";
        std::string text = vm.type_name(e);
        vm.roots.push_back(e);
        Outcome o = vm.run(vm.get(vm.builtins, vm.intern("str")), {e});
        vm.roots.pop_back();
        if (o.is_value() && o.value().as<Str>()->size)
            text += ": " + std::string(o.value().as<Str>()->view());
        return text;
    }
    Value global(std::string_view name) { return vm.get(globals, vm.intern(name)); }
    Outcome call(Value f, std::initializer_list<Value> args) { return vm.run(f, args); }
    Outcome next(Value g) { return call(vm.get(vm.builtins, vm.intern("next")), {g}); }
    void collect(Heap::Extent extent) { collect_garbage(vm, vm.frame, extent); }

    RuntimeHost host;
    VM vm;
    CodeBuilder builder{vm.heap, vm.strings};
    Dict* globals = nullptr;
};

// `R[0] op R[1]` of two literals.
std::string binary(std::string_view op, std::string_view a, std::string_view b) {
    return ".code m\n LOAD_CONST r0, " + std::string(a) + "\n LOAD_CONST r1, " + std::string(b) + "\n " +
           std::string(op) + " r0, r0, r1\n RETURN r0\n";
}

}  // namespace

// ---- arithmetic and comparison

TEST_F(ExecTest, ArithmeticGoesOverToBigInts) {
    const char* cases[][4] = {
        {"ADD", "4611686018427387903", "1", "4611686018427387904"},
        {"ADD", "4611686018427387904", "-1", "4611686018427387903"},
        {"SUB", "-4611686018427387904", "1", "-4611686018427387905"},
        {"MUL", "3037000500", "3037000500", "9223372037000250000"},
        {"MUL", "-4611686018427387904", "-1", "4611686018427387904"},
        {"FLOOR_DIV", "-7", "2", "-4"},
        {"FLOOR_DIV", "-4611686018427387904", "-1", "4611686018427387904"},
        {"MOD", "-7", "3", "2"},
        {"MOD", "7", "-3", "-2"},
        {"TRUE_DIV", "7", "2", "3.5"},
        {"POW", "2", "100", "1267650600228229401496703205376"},
        {"POW", "2", "-1", "0.5"},
        {"LSHIFT", "1", "70", "1180591620717411303424"},
        {"RSHIFT", "-1", "80", "-1"},
        {"AND", "-1", "0xffffffffffffffffffff", "1208925819614629174706175"},
        {"XOR", "6", "-1", "-7"},
        {"ADD", "1.5", "2", "3.5"},
        {"MUL", "'ab'", "3", "'ababab'"},
        {"ADD", "(1, 2)", "(3)", "(1, 2, 3)"},
    };
    for (auto& [op, a, b, result] : cases)
        EXPECT_EQ(show(binary(op, a, b)), result) << a << " " << op << " " << b;
}

TEST_F(ExecTest, ArithmeticThatFailsRaises) {
    EXPECT_EQ(show(binary("FLOOR_DIV", "1", "0")), "ZeroDivisionError: integer division or modulo by zero");
    EXPECT_EQ(show(binary("TRUE_DIV", "1", "0")), "ZeroDivisionError: division by zero");
    EXPECT_EQ(show(binary("LSHIFT", "1", "-1")), "ValueError: negative shift count");
    EXPECT_EQ(show(binary("ADD", "1", "'a'")),
              "TypeError: unsupported operand type(s) for +: 'int' and 'str'");
    EXPECT_EQ(show(binary("LT", "1", "'a'")),
              "TypeError: '<' not supported between instances of 'int' and 'str'");
}

TEST_F(ExecTest, ComparisonsJumpBothWaysOnNan) {
    auto taken = [&](std::string_view op, std::string_view a, std::string_view b) {
        return show(".code m\n LOAD_CONST r0, " + std::string(a) + "\n LOAD_CONST r1, " + std::string(b) +
                    "\n " + std::string(op) +
                    " r0, r1, Yes ~r2\n LOAD_INT r0, 0\n RETURN r0\nYes: LOAD_INT r0, 1\n RETURN r0\n") ==
               "1";
    };
    for (const char* op : {"LT", "LE", "GT", "GE", "EQ"}) {
        EXPECT_FALSE(taken(std::string("JUMP_") + op, "nan", "1.0")) << op;
        EXPECT_TRUE(taken(std::string("JUMP_NOT_") + op, "nan", "1.0")) << op;
    }
    EXPECT_TRUE(taken("JUMP_NE", "nan", "nan"));
    EXPECT_TRUE(taken("JUMP_LT", "1", "1.5"));
    EXPECT_TRUE(taken("JUMP_GT", "36893488147419103232", "1e19"));
    EXPECT_TRUE(taken("JUMP_EQ", "'a'", "'a'"));
    EXPECT_TRUE(taken("JUMP_NOT_EQ", "'a'", "'b'"));
}

TEST_F(ExecTest, ALoopOfBackwardJumps) {
    EXPECT_EQ(show(R"(.code m
    LOAD_INT r0, 0
    LOAD_INT r1, 0
Again:
    ADD      r1, r1, r0
    ADD_INT  r0, r0, 1
    JUMP_LT_INT r0, 30000, Again ~r2
    RETURN   r1
)"),
              "449985000");
}

// ---- calls

constexpr const char* kFibonacci = R"(.code m
    MAKE_FUNCTION r0, r0, @1
    STORE_GLOBAL  r0, 'fib'
    LOAD_INT      r1, 18
    CALL          r0, r0, 1
    RETURN        r0
.code @1 fib new_locals
.positional 1
.locals n
    JUMP_NOT_LT_INT r0, 2, More ~r1
    RETURN        r0
More:
    LOAD_GLOBAL   r1, 'fib'
    ADD_INT       r2, r0, -1
    CALL          r1, r1, 1
    LOAD_GLOBAL   r2, 'fib'
    ADD_INT       r3, r0, -2
    CALL          r2, r2, 1
    ADD           r1, r1, r2
    RETURN        r1
)";

TEST_F(ExecTest, FunctionsCallThemselves) {
    EXPECT_EQ(show(kFibonacci), "2584");
    EXPECT_EQ(vm.frame, nullptr);
    EXPECT_EQ(vm.nested, 0u);
}

constexpr const char* kDefaults = R"(
.code @1 f new_locals
.positional 2
.keyword_only 1
.locals a b c
    BUILD_TUPLE   r3, r0, 3
    RETURN        r3
)";

TEST_F(ExecTest, ArgumentsAreBound) {
    auto with = [&](std::string_view call) {
        return show(
            std::string(
                ".code m\n LOAD_CONST r1, (20)\n LOAD_CONST r2, 'c'\n LOAD_INT r3, 30\n BUILD_MAP r2, r2, 1\n"
                " MAKE_FUNCTION r0, r1, @1 x=3\n") +
            std::string(call) + " RETURN r0\n" + kDefaults);
    };
    EXPECT_EQ(with(" LOAD_INT r1, 1\n CALL r0, r0, 1\n"), "(1, 20, 30)");
    EXPECT_EQ(with(" LOAD_INT r1, 1\n LOAD_INT r2, 2\n CALL r0, r0, 2\n"), "(1, 2, 30)");
    EXPECT_EQ(with(" LOAD_INT r1, 1\n LOAD_INT r2, 5\n CALL_KW r0, r0, 2, ('c')\n"), "(1, 20, 5)");
    EXPECT_EQ(with(" LOAD_INT r1, 7\n LOAD_INT r2, 8\n CALL_KW r0, r0, 2, ('b', 'a')\n"), "(8, 7, 30)");
    EXPECT_EQ(with(" LOAD_CONST r1, (4, 5)\n LOAD_SPECIAL r2, unbound\n CALL_EX r0, r0\n"), "(4, 5, 30)");
    EXPECT_EQ(with(" CALL r0, r0, 0\n"), "TypeError: f() missing 1 required positional argument: 'a'");
    EXPECT_EQ(with(" LOAD_INT r1, 1\n LOAD_INT r2, 2\n LOAD_INT r3, 3\n CALL r0, r0, 3\n"),
              "TypeError: f() takes from 1 to 2 positional arguments but 3 were given");
    EXPECT_EQ(with(" LOAD_INT r1, 1\n LOAD_INT r2, 2\n CALL_KW r0, r0, 2, ('a')\n"),
              "TypeError: f() got multiple values for argument 'a'");
    EXPECT_EQ(with(" LOAD_INT r1, 1\n LOAD_INT r2, 2\n CALL_KW r0, r0, 2, ('z')\n"),
              "TypeError: f() got an unexpected keyword argument 'z'");
}

TEST_F(ExecTest, AClosureSharesItsCell) {
    EXPECT_EQ(show(R"(.code m
    MAKE_FUNCTION r0, r0, @1
    CALL          r0, r0, 0
    MOVE          r1, r0
    CALL          r1, r1, 0
    MOVE          r2, r0
    CALL          r2, r2, 0
    BUILD_TUPLE   r0, r1, 2
    RETURN        r0
.code @1 make new_locals
.locals x
.cells x
    MAKE_CELL     r0, r0
    LOAD_INT      r1, 40
    STORE_CELL    r0, r1
    MOVE          r1, r0
    BUILD_TUPLE   r1, r1, 1
    MAKE_FUNCTION r1, r1, @2 x=8
    RETURN        r1
.code @2 count nested new_locals
.frees x
    LOAD_FREE     r0, 0, 'x'
    ADD_INT       r0, r0, 1
    STORE_FREE    0, r0
    RETURN        r0
)"),
              "(41, 42)");
}

TEST_F(ExecTest, OneCallSiteTakesEveryKindOfCallee) {
    // The site is quickened for one kind after the other: function, native, generator function, class, bound method.
    EXPECT_EQ(show(R"(.code m
    MAKE_FUNCTION r4, r4, @1
    LOAD_GLOBAL   r5, 'len'
    MAKE_FUNCTION r6, r6, @2
    LOAD_GLOBAL   r7, 'list'
    LOAD_CONST    r8, 'a'
    GET_ATTR      r8, r8, 'count'
    BUILD_TUPLE   r0, r4, 5
    LOAD_INT      r2, 0
    MUL           r0, r0, r2     ; an empty tuple, to start with
    BUILD_TUPLE   r3, r4, 5
    ADD           r0, r0, r3
    ADD           r0, r0, r3
    GET_ITER      r0, r0
    BUILD_LIST    r1, r0, 0
    JUMP          Next
Body:
    LOAD_CONST    r4, 'banana'
    CALL          r3, r3, 1
    LOAD_GLOBAL   r2, 'type'
    CALL          r2, r2, 1
    GET_ATTR      r2, r2, '__name__'
    LIST_APPEND   r1, r2
Next:
    FOR_ITER      r3, r0, Body
    RETURN        r1
.code @1 f new_locals
.positional 1
.locals s
    LOAD_CONST    r1, 1.5
    RETURN        r1
.code @2 g generator new_locals
.positional 1
.locals s
    YIELD         r0
    GENERATOR_RETURN r0
)"),
              "['float', 'int', 'generator', 'list', 'int', 'float', 'int', 'generator', 'list', 'int']");
}

TEST_F(ExecTest, StepNativesAwaitCallsAndCatch) {
    EXPECT_EQ(show(R"(.code m
    MAKE_FUNCTION r1, r1, @1
    LOAD_GLOBAL   r0, 'twice'
    CALL          r0, r0, 1
    RETURN        r0
.code @1 f new_locals
    LOAD_GLOBAL   r0, 'collect'
    LOAD_SPECIAL  r1, True
    CALL          r0, r0, 1
    LOAD_CONST    r0, 'x'
    LOAD_INT      r1, 1000
    MUL           r0, r0, r1
    LOAD_GLOBAL   r1, 'len'
    MOVE          r2, r0
    CALL          r1, r1, 1
    RETURN        r1
)"),
              "2000");
    EXPECT_EQ(show(R"(.code m
    MAKE_FUNCTION r1, r1, @1
    LOAD_GLOBAL   r0, 'attempt'
    CALL          r0, r0, 1
    RETURN        r0
.code @1 f new_locals
    LOAD_GLOBAL   r0, 'missing'
    RETURN        r0
)"),
              "NameError(\"name 'missing' is not defined\")");
    EXPECT_TRUE(vm.handled.is_none());
}

TEST_F(ExecTest, AFrameGoesOnAfterACollectionInANestedRun) {
    // It has been scanned, but what it gets from then on is new.
    EXPECT_EQ(show(R"(.code m
    MAKE_FUNCTION r1, r1, @1
    LOAD_GLOBAL   r0, 'nested'
    CALL          r0, r0, 1
    LOAD_INT      r0, 5
    BUILD_LIST    r0, r0, 1
    LOAD_GLOBAL   r2, 'collect'
    LOAD_SPECIAL  r3, False
    CALL          r2, r2, 1
    LOAD_INT      r3, 6
    BUILD_LIST    r1, r3, 1
    BUILD_LIST    r2, r3, 1
    RETURN        r0
.code @1 f new_locals
    LOAD_GLOBAL   r0, 'collect'
    LOAD_SPECIAL  r1, False
    CALL          r0, r0, 1
    RETURN        r0
)"),
              "[5]");
}

// ---- generators

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
    YIELD         r1
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
    YIELD         r1 x=4
    LOAD_SENT     r1
    YIELD         r1 x=4
End:
    JUMP          Finally
Handler:
    LOAD_GLOBAL   r3, 'ValueError'
    JUMP_IF_NOT_MATCH r1, r3, Other
    LOAD_CONST    r1, 'caught'
    YIELD         r1
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
    YIELD          r2 x=1
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
    YIELD         r0
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
    YIELD         r0
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
    CLOSE_ITER    r1 ~r3
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

// ---- exception tables and unwinding

constexpr const char* kNested = R"(.code m
Outer:
    LOAD_CONST    r0, 'none'
Inner:
    LOAD_GLOBAL   r1, 'missing'
InnerEnd:
    RETURN        r0
InnerHandler:
    LOAD_GLOBAL   r3, '%s'
    JUMP_IF_NOT_MATCH r1, r3, Pass
    LOAD_CONST    r0, 'inner'
    RETURN        r0
Pass:
    RERAISE       r1
OuterEnd:
    NOP
OuterHandler:
    LOAD_CONST    r0, 'outer'
    RETURN        r0
.exception Outer Inner -> OuterHandler r2
.exception Inner InnerEnd -> InnerHandler r1
.exception InnerHandler OuterEnd -> OuterHandler r2
)";

TEST_F(ExecTest, TheInnermostHandlerIsAskedFirst) {
    auto with = [](const char* cls) {
        std::string s = kNested;
        return s.replace(s.find("%s"), 2, cls);
    };
    EXPECT_EQ(show(with("NameError")), "'inner'");
    EXPECT_EQ(show(with("Exception")), "'inner'");
    EXPECT_EQ(show(with("KeyError")), "'outer'");
    EXPECT_EQ(show(with("len")), "'outer'");  // a TypeError of the match itself
}

TEST_F(ExecTest, WhatIsBeingHandledBecomesTheContext) {
    EXPECT_EQ(show(R"(.code m
Try:
    LOAD_GLOBAL   r0, 'missing'
End:
    RETURN_NONE
Handler:
    PUSH_HANDLED  r1
Again:
    LOAD_INT      r3, 1
    LOAD_INT      r4, 0
    FLOOR_DIV     r3, r3, r4
AgainEnd:
    RETURN_NONE
Second:
    POP_HANDLED   r1
    GET_ATTR      r5, r5, '__context__'
    MOVE          r6, r1
    IS            r5, r5, r6
    RETURN        r5
.exception Try End -> Handler r1
.exception Again AgainEnd -> Second r5
)"),
              "True");
    EXPECT_TRUE(vm.handled.is_none());
}

TEST_F(ExecTest, ATracebackCountsEqualFrames) {
    // f(n) calls itself n times and raises; the traceback has an entry for the module, one for all callers, one for the last.
    Outcome o = run(R"(.code m
    MAKE_FUNCTION r0, r0, @1
    STORE_GLOBAL  r0, 'f'
    LOAD_INT      r1, 100000
    CALL          r0, r0, 1
    RETURN        r0
.code @1 f new_locals
.positional 1
.locals n
    JUMP_GT_INT   r0, 0, More ~r1
    LOAD_INT      r1, 1
    LOAD_INT      r2, 0
    TRUE_DIV      r1, r1, r2
More:
    LOAD_GLOBAL   r1, 'f'
    ADD_INT       r2, r0, -1
    CALL          r1, r1, 1
    RETURN        r1
)");
    ASSERT_TRUE(o.is_raised());
    std::vector<std::pair<std::string, uint32_t>> entries;
    for (Value t = vm.exception.as<Exception>()->traceback; t.is_object(); t = t.as<Traceback>()->next)
        entries.emplace_back(std::string(t.as<Traceback>()->code->name.as<Str>()->view()),
                             t.as<Traceback>()->repeat);
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_EQ(entries[0], std::make_pair(std::string("m"), 0u));
    EXPECT_EQ(entries[1], std::make_pair(std::string("f"), 99999u));
    EXPECT_EQ(entries[2], std::make_pair(std::string("f"), 0u));
    EXPECT_EQ(raised(), "ZeroDivisionError: division by zero");
}

TEST_F(ExecTest, UnboundLocalsAndNamesAreTold) {
    EXPECT_EQ(show(".code f new_locals\n.locals x\n CHECK_BOUND r0, 'x'\n RETURN r0\n"),
              "UnboundLocalError: cannot access local variable 'x' where it is not associated with a value");
    EXPECT_EQ(show(".code f new_locals\n.locals x\n LOAD_INT r0, 1\n DELETE_LOCAL r0, 'x'\n DELETE_LOCAL r0, "
                   "'x'\n RETURN_NONE\n"),
              "UnboundLocalError: cannot access local variable 'x' where it is not associated with a value");
    EXPECT_EQ(show(".code m\n DELETE_GLOBAL 'nowhere'\n RETURN_NONE\n"),
              "NameError: name 'nowhere' is not defined");
}

// ---- depth

constexpr const char* kDeep = R"(.code m
    MAKE_FUNCTION r0, r0, @1
    STORE_GLOBAL  r0, 'down'
    LOAD_GLOBAL   r1, 'depth'
    CALL          r0, r0, 1
    RETURN        r0
.code @1 down new_locals
.positional 1
.locals n
    JUMP_NOT_EQ_INT r0, 0, More ~r1
    RETURN        r0
More:
    LOAD_GLOBAL   r1, 'down'
    ADD_INT       r2, r0, -1
    CALL          r1, r1, 1
    ADD_INT       r1, r1, 1
    RETURN        r1
)";

TEST_F(ExecTest, AMillionLevelsReturn) {
    vm.set(globals, "depth", Value::integer(1000000));
    EXPECT_EQ(show(kDeep), "1000000");
}

TEST_F(ExecTest, TheStackLimitRaisesAndLeavesTheMachineWhole) {
    vm.limits.stack = 8 << 20;
    vm.frames.set_limit(vm.limits.stack);
    for (int round = 0; round < 3; round++) {
        vm.set(globals, "depth", Value::integer(-1));  // never reaches zero
        std::string error = show(kDeep);
        EXPECT_EQ(error.substr(0, 15), "RecursionError:") << error;
        EXPECT_EQ(vm.frame, nullptr);
        EXPECT_EQ(vm.nested, 0u);
        vm.set(globals, "depth", Value::integer(10000));
        EXPECT_EQ(show(kDeep), "10000");
    }
    EXPECT_LE(vm.frames.used(), vm.limits.stack + vm.limits.stack / 16 +
                                    FramePool::kChunk);  // a sixteenth is kept for handlers
}

// ---- safepoints

constexpr const char* kEndless = ".code m\nLoop: NOP\n JUMP Loop\n";

TEST_F(ExecTest, AStepLimitEndsABusyLoop) {
    vm.limits.steps = 100000;
    vm.safepoint_soon();
    EXPECT_EQ(show(kEndless), "Terminated: the step limit is reached");
    EXPECT_GE(vm.steps, 100000u);
    EXPECT_LT(vm.steps, 150000u);
    vm.limits.steps = 0;
    EXPECT_EQ(show(kFibonacci), "2584");
}

TEST_F(ExecTest, AnInterruptFromAnotherThreadEndsABusyLoop) {
    std::thread other([this] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        vm.interrupt.fetch_or(kInterruptKeyboard);
    });
    EXPECT_EQ(show(kEndless), "KeyboardInterrupt");
    other.join();
    EXPECT_EQ(show(kFibonacci), "2584");
}

TEST_F(ExecTest, RegistersKeepTheirObjectsOverCollections) {
    // Allocates several times what a minor collection waits for; a list in a register, and what it holds, stay.
    EXPECT_EQ(show(R"(.code m
    LOAD_INT      r0, 0
    LOAD_INT      r5, 20000
    LOAD_INT      r7, 100000
    BUILD_LIST    r1, r0, 0
Again:
    MOVE          r2, r0
    BUILD_LIST    r2, r2, 1
    MOVE          r3, r2
    BUILD_TUPLE   r3, r2, 2
    MOD           r4, r0, r5
    JUMP_NE_INT   r4, 0, Skip ~r6
    LIST_APPEND   r1, r3
Skip:
    ADD_INT       r0, r0, 1
    JUMP_LT       r0, r7, Again ~r6
    RETURN        r1
)"),
              "[([0], [0]), ([20000], [20000]), ([40000], [40000]), ([60000], [60000]), ([80000], [80000])]");
    EXPECT_GT(vm.heap.statistics().minor, 3u);
}
