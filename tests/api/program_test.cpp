// gen/program.h: exit statuses, what a program finds in sys and __main__, the end of the world, sessions at a prompt.
#include "gen/program.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

using gen::Console;
using gen::Interpreter;
using gen::Program;

namespace {

namespace fs = std::filesystem;

struct World {
    std::string out, err;
    std::vector<std::string> lines;  // of input, last first
    gen::InterpreterOptions options(bool files = false) {
        return {.files = files,
                .out = [this](std::string_view text) { out += text; },
                .err = [this](std::string_view text) { err += text; },
                .in =
                    [this](std::string& line) {
                        line.clear();
                        if (lines.empty()) return false;
                        line = lines.back() + "\n";
                        lines.pop_back();
                        return true;
                    }};
    }
};

class Folder {
  public:
    Folder() : path_(fs::temp_directory_path() / ("gen_program_test_" + std::to_string(getpid()))) {
        fs::create_directories(path_);
        path_ = fs::canonical(path_);
    }
    ~Folder() { fs::remove_all(path_); }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name) << text;
        return (path_ / name).string();
    }
    std::string path() const { return path_.string(); }

  private:
    fs::path path_;
};

int status_of(const std::string& source) {
    World world;
    Interpreter vm(world.options());
    Program program(vm);
    return program.finish(program.run_text(source));
}

}  // namespace

TEST(Program, ExitStatuses) {
    EXPECT_EQ(status_of("x = 1"), 0);
    EXPECT_EQ(status_of("import sys; sys.exit()"), 0);
    EXPECT_EQ(status_of("import sys; sys.exit(7)"), 7);
    EXPECT_EQ(status_of("raise SystemExit(258)"), 2);
    EXPECT_EQ(status_of("raise SystemExit('no')"), 1);
    EXPECT_EQ(status_of("1/0"), 1);
    EXPECT_EQ(status_of("x = = 1"), 1);
    EXPECT_EQ(status_of("raise KeyboardInterrupt"), 130);
}

TEST(Program, UncaughtExceptionsAreShown) {
    World world;
    Interpreter vm(world.options());
    EXPECT_EQ(Program(vm).run_text("def f():\n    return 1 / 0\nf()\n"), 1);
    EXPECT_EQ(world.err,
              "Traceback (most recent call last):\n"
              "  File \"<string>\", line 3, in <module>\n"
              "  File \"<string>\", line 2, in f\n"
              "ZeroDivisionError: division by zero\n");
    world.err.clear();
    EXPECT_EQ(Program(vm).run_text("raise SystemExit('sorry')"), 1);
    EXPECT_EQ(world.err, "sorry\n");
    world.err.clear();
    EXPECT_EQ(Program(vm).run_text("import sys\nsys.excepthook = lambda t, e, tb: print('hook:', e)\n1/0"),
              1);
    EXPECT_EQ(world.out, "hook: division by zero\n");
    EXPECT_EQ(world.err, "");
    EXPECT_EQ(vm.run("1 + 1").as<int>(), 2);
}

TEST(Program, FilesKnowWhereTheyAre) {
    Folder folder;
    std::string path = folder.write("tool.gen",
                                    "import sys, helper\n"
                                    "print(__name__, __file__, sys.argv, sys.path[0])\n"
                                    "print(helper.answer)\n");
    folder.write("helper.gen", "answer = 42\n");
    World world;
    Interpreter vm(world.options(true));
    EXPECT_EQ(Program(vm).run_file(path, {"-v", "x"}), 0);
    EXPECT_EQ(world.out, "__main__ " + path + " ['" + path + "', '-v', 'x'] " + folder.path() + "\n42\n");
    EXPECT_EQ(world.err, "");
    EXPECT_EQ(Program(vm).run_file(folder.path() + "/none.gen"), 2);
    EXPECT_EQ(world.err,
              "gen: can't open file '" + folder.path() + "/none.gen': [Errno 2] No such file or directory\n");
}

TEST(Program, AFileWithoutTheGrantOfFiles) {
    Folder folder;
    std::string path = folder.write("tool.gen", "def f():\n    open('/etc/passwd')\nf()\n");
    World world;
    Interpreter vm(world.options());
    EXPECT_EQ(Program(vm).run_file(path), 1);
    EXPECT_NE(world.err.find("    open('/etc/passwd')\n"), std::string::npos) << world.err;
    EXPECT_NE(world.err.find("PermissionError"), std::string::npos) << world.err;
}

TEST(Program, ModulesAndInput) {
    Folder folder;
    folder.write("part.gen", "import sys\nprint(__name__, sys.argv[1:])\n");
    World world;
    gen::InterpreterOptions options = world.options(true);
    options.search_path = {folder.path()};
    Interpreter vm(options);
    EXPECT_EQ(Program(vm).run_module("part", {"a"}), 0);
    EXPECT_EQ(world.out, "__main__ ['a']\n");
    EXPECT_EQ(Program(vm).run_module("no_such_module"), 1);
    EXPECT_EQ(world.err, "gen: No module named no_such_module\n");
    world.out.clear();
    world.lines = {"print(sys.argv)", "import sys"};
    EXPECT_EQ(Program(vm).run_input({"b"}), 0);
    EXPECT_EQ(world.out, "['-', 'b']\n");
}

TEST(Program, TheEndWaitsForThreadsAndRunsWhatIsRegistered) {
    World world;
    Interpreter vm(world.options());
    Program program(vm);
    EXPECT_EQ(program.run_text("import atexit, threading, time\n"
                               "atexit.register(print, 'at exit')\n"
                               "def late():\n    time.sleep(0.01)\n    print('late', end='')\n"
                               "threading.Thread(target=late).start()\n"
                               "def g():\n    try:\n        yield\n    finally:\n        print('closed')\n"
                               "keep = g(); next(keep)\n"),
              0);
    EXPECT_EQ(program.finish(3), 3);
    EXPECT_FALSE(program.is_stuck());
    EXPECT_EQ(world.out, "lateat exit\nclosed\n");
}

TEST(Program, InterruptsAreKeyboardInterrupts) {
    World world;
    Interpreter vm(world.options());
    std::thread user([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        vm.interrupt();
    });
    EXPECT_EQ(Program(vm).run_text("import time\ntime.sleep(60)"), 130);
    user.join();
    EXPECT_TRUE(world.err.ends_with("KeyboardInterrupt\n")) << world.err;
}

TEST(Program, ShowsWhatItIsDoing) {
    World world;
    Interpreter vm(world.options());
    vm.show_tasks();
    vm.run("for _ in range(100_000): pass", "busy.gen");
    EXPECT_EQ(world.err, "  thread 0 (MainThread) runs\n    File \"busy.gen\", line 1, in <module>\n");
}

TEST(Program, EverythingThatAProcessHas) {
    gen::InterpreterOptions options = gen::process_options();
    EXPECT_TRUE(options.files && options.environment && options.network && options.processes &&
                options.isolates);
    EXPECT_NE(options.executable.find("program_test"), std::string::npos);
    int ends[2], before = dup(1);
    ASSERT_EQ(pipe(ends), 0);
    std::fflush(stdout);
    dup2(ends[1], 1);
    {
        Interpreter vm(options);
        Program program(vm);
        EXPECT_EQ(
            program.finish(program.run_text("import sys, os\nprint(len(os.environ) > 0, sys.executable)")),
            0);
    }
    dup2(before, 1);
    close(before);
    close(ends[1]);
    char text[4096];
    ssize_t n = read(ends[0], text, sizeof text);
    close(ends[0]);
    EXPECT_EQ(std::string(text, size_t(n)), "True " + options.executable + "\n");
}

// ---- the prompt

TEST(Console, StatementsEndWhenTheyAreWhole) {
    World world;
    Interpreter vm(world.options());
    Console console(vm);
    EXPECT_EQ(console.prompt(), ">>> ");
    EXPECT_EQ(console.feed("x = 6"), Console::Fed::Done);
    EXPECT_EQ(console.feed("x * 7"), Console::Fed::Done);
    EXPECT_EQ(world.out, "42\n");
    EXPECT_EQ(console.feed("def f(n):"), Console::Fed::Incomplete);
    EXPECT_EQ(console.prompt(), "... ");
    EXPECT_FALSE(console.is_empty());
    EXPECT_EQ(console.feed("    return n + 1"), Console::Fed::Incomplete);
    EXPECT_EQ(console.feed(""), Console::Fed::Done);
    EXPECT_EQ(console.feed("f("), Console::Fed::Incomplete);
    EXPECT_EQ(console.feed("_)"), Console::Fed::Done);
    EXPECT_EQ(world.out, "42\n43\n");
    EXPECT_EQ(console.feed("   "), Console::Fed::Done);
    EXPECT_EQ(vm.run("x").as<int>(), 6);
    EXPECT_EQ(world.err, "");
}

TEST(Console, SurvivesErrors) {
    World world;
    Interpreter vm(world.options());
    Console console(vm);
    EXPECT_EQ(console.feed("1 / 0"), Console::Fed::Failed);
    EXPECT_EQ(world.err,
              "Traceback (most recent call last):\n  File \"<stdin>\", line 1, in <module>\n"
              "ZeroDivisionError: division by zero\n");
    EXPECT_EQ(console.feed("x = = 1"), Console::Fed::Failed);
    EXPECT_EQ(console.feed("if x:"), Console::Fed::Incomplete);
    EXPECT_EQ(console.end(), Console::Fed::Failed);
    EXPECT_EQ(console.end(), Console::Fed::Done);
    EXPECT_EQ(console.feed("if x:"), Console::Fed::Incomplete);
    console.reset();
    EXPECT_TRUE(console.is_empty());
    EXPECT_EQ(console.feed("40 + 2"), Console::Fed::Done);
    EXPECT_EQ(world.out, "42\n");
    EXPECT_EQ(console.feed("import sys; sys.ps1 = 'gen> '"), Console::Fed::Done);
    EXPECT_EQ(console.prompt(), "gen> ");
    EXPECT_EQ(console.feed("exit(4)"), Console::Fed::Exit);
    EXPECT_EQ(console.exit_status(), 4);
}

TEST(Console, TheHostMayShowValues) {
    Interpreter vm;
    std::string shown;
    vm.run("import sys\nsys").set_attribute("displayhook", vm.function("show", [&](gen::Ref value) {
        shown += value.repr() + ";";
    }));
    Console console(vm);
    console.feed("'a' * 3");
    console.feed("None");
    console.feed("[1]");
    EXPECT_EQ(shown, "'aaa';None;[1];");
}

TEST(Console, ReadsInTurnsWithInput) {
    World world;
    Interpreter vm(world.options());
    Console console(vm);
    world.lines = {"x", "Ada", "x = input('name? ')"};
    std::string line;
    EXPECT_EQ(console.read(line), Console::Input::Line);
    EXPECT_EQ(console.feed(line), Console::Fed::Done);
    console.write("> ");
    EXPECT_EQ(console.read(line), Console::Input::Line);
    EXPECT_EQ(console.feed(line), Console::Fed::Done);
    EXPECT_EQ(world.out, "name? > 'Ada'\n");
    vm.interrupt();
    EXPECT_EQ(console.read(line), Console::Input::Interrupted);
    EXPECT_EQ(console.read(line), Console::Input::End);
}

TEST(Console, HelpShowsSignaturesAndDocstrings) {
    std::string shown;
    gen::Interpreter vm({.out = [&](std::string_view text) { shown += text; }});
    gen::Console console(vm);
    for (const char* line :
         {"class A:", "    'A class.'", "    def m(self, x, *, y=2):", "        'A method.'", "", "help",
          "help()", "help(A.m)", "help(A)", "help('math.sqrt')", "help('nowhere')"})
        console.feed(line);
    EXPECT_EQ(
        shown,
        "Type help(object) for help about object.\n"
        "Type help(object) for help about object.\n"
        "Help on function m in module __main__:\n\nm(self, x, *, y=2)\n    A method.\n\n"
        "Help on class A in module __main__:\n\nclass A(builtins.object)\n |  A()\n |\n |  A class.\n |\n"
        " |  Methods defined here:\n |\n |  m(self, x, *, y=2)\n |      A method.\n\n"
        "Help on built-in function sqrt in module math:\n\nsqrt(x, /)\n    Return the square root of x.\n\n"
        "No Python documentation found for 'nowhere'.\n");
}
