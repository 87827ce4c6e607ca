#include <gtest/gtest.h>

#include "vm/code/assembler.h"
#include "vm/code/disasm.h"
#include "vm/code/verify.h"
#include "vm/data/heap.h"

using namespace gen;

namespace {

class AssemblerTest : public testing::Test {
  protected:
    AssemblerTest() { strings_.start(heap_); }
    Code* ok(std::string_view text) {
        AssembleResult r = assemble(builder_, text);
        EXPECT_EQ(r.error, "");
        return r.code;
    }
    std::string error(std::string_view text) { return assemble(builder_, text).error; }

    Heap heap_;
    HashKey key_{1, 2};
    StringTable strings_{key_};
    CodeBuilder builder_{heap_, strings_};
};

constexpr const char* kCountdown = R"(.code main
.locals n
    LOAD_CONST  r0, 3
    LOAD_GLOBAL r1, 'range'      ; the iterable
    MOVE        r2, r0
    CALL        r1, r1, 1 x=1
    GET_ITER    r1, r1
    JUMP        Next
Body:
    LIST_APPEND r2, r0
Next:
    FOR_ITER    r0, r1, Body
    SET_ATTR    r2, r0, 'size'
    INVOKE      r3, r2, 0, 'pop'
    CALL_KW     r3, r1, 1, ('a',)
Guarded:
    JUMP_LT_INT r0, -5, Body
End:
    RETURN_NONE
Pad:
    RERAISE     r4
.exception Guarded End -> Pad r4
)";

TEST_F(AssemblerTest, TextOfAssembledCodeAssemblesToTheSame) {
    Code* code = ok(kCountdown);
    ASSERT_TRUE(code);
    EXPECT_EQ(verify(*code), "");
    std::string text = disassemble(*code, {.positions = true});
    Code* again = ok(text);
    ASSERT_TRUE(again);
    EXPECT_EQ(disassemble(*again, {.positions = true}), text);
    EXPECT_EQ(again->length(), code->length());
    for (uint32_t pc = 0; pc < code->length(); pc++)
        EXPECT_EQ(again->entry()[pc].bits, code->entry()[pc].bits);
    EXPECT_EQ(again->registers, code->registers);
}

TEST_F(AssemblerTest, LiteralsKeepTheirTypes) {
    std::string text = ".code @0 'm'\n.registers 1\n";
    const char* literals[] = {"1",
                              "True",
                              "1.0",
                              "0.0",
                              "-0.0",
                              "-7",
                              "4611686018427387904",
                              "0xfffffffffffffffffffffff",
                              "1e+300",
                              "1e-05",
                              "inf",
                              "'a\\'\\n\\x00'",
                              "b'\\xff'",
                              "()",
                              "(1, ('a', None), 1.5)",
                              "{1, 2}",
                              "complex(0.0, -1.5)",
                              "Ellipsis"};
    int n = 0;
    for (const char* literal : literals) text += ".const " + std::to_string(n++) + " " + literal + "\n";
    text +=
        "    0  LOAD_CONST r0, complex(0.0, 2.0)\n    1  LOAD_CONST r0, complex(0.0, -1.5)\n    2  "
        "RETURN_NONE\n";
    Code* code = ok(text);
    ASSERT_TRUE(code);
    ASSERT_EQ(code->constants->size, std::size(literals) + 1);  // and complex(0.0, 2.0)
    std::string once = disassemble(*code);
    Code* again = ok(once);
    ASSERT_TRUE(again);
    EXPECT_EQ(disassemble(*again), once);
    EXPECT_TRUE(code->constants->items[0].is_int());
    EXPECT_TRUE(code->constants->items[1].is_true());
    EXPECT_EQ(constant_text(code->constants->items[4]), "-0.0");
    EXPECT_EQ(constant_text(code->constants->items[7]), "0xfffffffffffffffffffffff");
    EXPECT_EQ(constant_text(code->constants->items[14]), "(1, ('a', None), 1.5)");
}

TEST_F(AssemblerTest, NestedCodesAreConstants) {
    Code* code =
        ok(".code @0 outer\n MAKE_FUNCTION r0, r0, @1\n RETURN r0\n"
           ".code @1 inner generator new_locals\n.positional 1\n.locals x\n"
           " YIELD 3, r0 x=4\n LOAD_SENT r0\n GENERATOR_RETURN r0\n.registers 3\n");
    ASSERT_TRUE(code);
    EXPECT_EQ(verify(*code), "");
    Code* inner = code->constants->items[0].as<Code>();
    EXPECT_TRUE(inner->resumable());
    EXPECT_EQ(inner->positional, 1);
    std::string text = disassemble(*code);
    EXPECT_EQ(disassemble(*ok(text)), text);
}

TEST_F(AssemblerTest, PositionsAndHandlersAreFound) {
    Code* code =
        ok(".code m\n.at 1:2-1:5\nA: LOAD_INT r0, 1\n NEG r0, r0\n.line 2\nB: POS r0, r0\n RETURN r0\nC: "
           "RERAISE r1\n"
           ".exception A B -> C r1\n");
    ASSERT_TRUE(code);
    EXPECT_EQ(position_of(*code, 0).line, 1u);
    EXPECT_EQ(position_of(*code, 1).end_column, 5u);
    EXPECT_EQ(position_of(*code, 2).line, 2u);
    EXPECT_EQ(position_of(*code, 2).column, PositionEntry::kNoColumn);
    ASSERT_TRUE(handler_of(*code, 1));
    EXPECT_EQ(handler_of(*code, 1)->target, 4u);
    EXPECT_FALSE(handler_of(*code, 2));
}

TEST_F(AssemblerTest, ErrorsNameTheLine) {
    EXPECT_EQ(error("RETURN r0"), "line 1: instructions belong behind .code");
    EXPECT_EQ(error(".code m\n FLY r0\n"), "line 2: unknown instruction FLY");
    EXPECT_EQ(error(".code m\n JUMP Nowhere\n"), "line 2: no label Nowhere");
    EXPECT_EQ(error(".code m\n MOVE r0, 7\n"), "line 2: a register is expected");
    EXPECT_EQ(error(".code m\n MAKE_FUNCTION r0, r0, @3\n RETURN r0"), "line 3: no code @3 behind it");
    EXPECT_EQ(error(""), "line 0: no .code");
    EXPECT_EQ(error(".code m\n JUMP_LT_INT r0, 40000, 3\n"), "line 2: 40000 does not fit");
    EXPECT_EQ(error(".code m\n LOAD_INT r0, 4294967296\n"), "line 2: 4294967296 does not fit");
    EXPECT_EQ(error(".code m\n CALL r0, r0, 65536\n"), "line 2: 65536 does not fit");
    EXPECT_EQ(error(".code m\n MOVE r0, r65535\n"), "line 2: 65535 does not fit");
}

TEST_F(AssemblerTest, VerifierFindsWhatIsWrong) {
    auto verdict = [this](std::string_view text) {
        Code* code = ok(text);
        return code ? verify(*code) : "does not assemble";
    };
    EXPECT_EQ(verdict(".code m\n LOAD_INT r0, 1\n"), "'m' at 0 LOAD_INT: falls off the end");
    EXPECT_EQ(verdict(".code m\n CHECK_BOUND r0, 5\n RETURN r0\n"),
              "'m' at 0 CHECK_BOUND: constant 0 is no name");
    EXPECT_EQ(verdict(".code m\n YIELD 1, r0\n RETURN r0\n"), "'m' at 0 YIELD: not in a generator");
    EXPECT_EQ(verdict(".code m generator new_locals\n YIELD 2, r0\n GENERATOR_RETURN r0\n"),
              "'m' at 0 YIELD: dead registers outside the frame");
    EXPECT_EQ(verdict(".code m generator\n RETURN r0\n"), "'m' at 0 RETURN: in a generator");
    EXPECT_EQ(verdict(".code m\nA: NOP\nB: JUMP B\n.exception B A -> B r0\n"),
              "'m' at 1 JUMP: exception ranges overlap or are empty");
    Code* code = ok(".code m\n MOVE r0, r1\n RETURN r0\n");
    code->registers = 1;
    EXPECT_EQ(verify(*code), "'m' at 0 MOVE: register 1 is outside the frame");
}

}  // namespace
