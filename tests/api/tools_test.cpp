// gen/tools.h: the stages as text, and recordings.
#include "gen/tools.h"

#include <gtest/gtest.h>

using gen::Interpreter;

static bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(Tools, EachStageCanBeSeen) {
    EXPECT_EQ(
        gen::tokens("x = 1"),
        "1:0-1:1 NAME \"x\"\n1:2-1:3 OP \"=\"\n1:4-1:5 NUMBER \"1\"\n1:5-1:5 NEWLINE\n2:0-2:0 ENDMARKER\n");
    EXPECT_TRUE(contains(gen::syntax_tree("x = 1"), "Assign("));
    EXPECT_TRUE(contains(gen::bytecode("for x in y: print(x)"), "FOR_ITER"));
    EXPECT_TRUE(contains(gen::tokens("# coding: latin-1\nx = '\xe9'"), "é"));
}

TEST(Tools, WhatIsNoProgramIsAnError) {
    for (auto* stage : {gen::syntax_tree, gen::bytecode}) {
        try {
            stage("def f(:", "bad.gen");
            ADD_FAILURE();
        } catch (const gen::Error& e) {
            EXPECT_EQ(e.type(), "SyntaxError");
            EXPECT_EQ(e.traceback(), "  File \"bad.gen\", line 1\n    def f(:\n          ^\nSyntaxError: " +
                                         e.message() + "\n");
        }
    }
    EXPECT_THROW(gen::bytecode("return 1"), gen::Error);
}

TEST(Recordings, OfGenerators) {
    Interpreter vm;
    std::string drawn;
    {
        gen::GeneratorRecording recording(vm);
        vm.run("def talk():\n    yield 'a word'\nlist(talk())");
        drawn = recording.svg();
    }
    EXPECT_TRUE(contains(drawn, "<svg"));
    EXPECT_TRUE(contains(drawn, "a word"));
    EXPECT_EQ(vm.run("list(talk())").repr(), "['a word']");  // observed by nobody any more
    gen::GeneratorRecording another(vm);
    EXPECT_FALSE(contains(another.svg(), "a word"));
}

TEST(Recordings, OfThreads) {
    auto vm = std::make_unique<Interpreter>(gen::InterpreterOptions{.virtual_time = true, .seed = 1});
    gen::RunRecording recording(*vm);
    vm->run(
        "import threading, time\n"
        "t = threading.Thread(target=time.sleep, args=(5,), name='sleeper'); t.start(); t.join()");
    vm.reset();  // the recording keeps what it needs
    EXPECT_TRUE(contains(recording.svg(), "sleeper"));
    EXPECT_TRUE(contains(recording.trace(), "\"sleeps 5"));
}
