// The dispatch loop, driven by assembled bytecode: what each part of the execution side does. Generators: exec_generator_test.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>

#include "tests/unit/exec_fixture.h"
#include "vm/exec/exec.h"

#include "runtime/runtime.h"

using namespace gen;

namespace {

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
    YIELD         1, r0
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

// ---- shapes

TEST_F(ExecTest, ManyOrdersOfAttributesMakeNoMoreThanABoundedNumberOfShapes) {
    auto* bases = vm.empty_tuple;
    Class* cls = create_class(vm, vm.type(kShapeType), vm.intern("A"), bases, vm.dict());
    ASSERT_NE(cls, nullptr);
    vm.roots.push_back(Value::object(cls));
    const size_t before = vm.shapes.size();
    uint64_t seed = 1;
    for (int i = 0; i < 3000; i++) {
        Object* o = make_instance(vm, cls);
        for (int k = 0; k < 8; k++) {
            seed = seed * 6364136223846793005 + 1442695040888963407;
            const auto number = int64_t(seed >> 33) % 100;
            Str* name = vm.intern("a" + std::to_string(number));
            ASSERT_TRUE(set_instance_attribute(vm, o, name, Value::integer(number)));
            EXPECT_TRUE(get_instance_attribute(vm, o, name).is(Value::integer(number)));
        }
    }
    // Of each of the few roots that a growing class gets.
    EXPECT_LE(vm.shapes.size() - before, 4 * (Shape::kMaxFamily + 2));
}
