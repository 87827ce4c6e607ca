// What a script cannot reach for which the host grants nothing: the host's own descriptors, environment and process.
#include "gen/gen.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace {

// What the script prints.
std::string output_of(const std::string& source, gen::InterpreterOptions options = {}) {
    std::string out;
    options.out = [&](std::string_view text) { out += text; };
    gen::Interpreter vm(options);
    vm.run(source);
    return out;
}

// The name of what `call` raises.
std::string refusal_of(const std::string& call, gen::InterpreterOptions options = {}) {
    return output_of(
        "import os, io, _posix, socket, _socket, _select, _signal\n"
        "try:\n"
        "    print(" +
            call +
            ")\n"
            "except Exception as e:\n"
            "    print(type(e).__name__, end='')\n",
        options);
}

TEST(Grants, TheHostsDescriptors) {
    int ends[2], sockets[2];
    ASSERT_EQ(pipe(ends), 0);
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    ASSERT_EQ(write(ends[1], "secret", 6), 6);
    ASSERT_EQ(write(sockets[1], "secret", 6), 6);
    const std::string in = std::to_string(ends[0]), out = std::to_string(ends[1]),
                      connected = std::to_string(sockets[0]);
    for (const std::string& call :
         {"os.read(" + in + ", 3)", "os.write(" + out + ", b'x')", "os.close(" + in + ")",
          "os.dup(" + in + ")", "os.dup2(" + in + ", " + out + ")", "os.fstat(" + in + ")",
          "open(" + in + ", 'rb').read(3)", "os.lseek(" + in + ", 0, 0)", "os.ftruncate(" + out + ", 0)",
          "os.fsync(" + out + ")", "os.set_blocking(" + in + ", False)", std::string("os.pipe()"),
          "_posix.read(" + in + ", 3)", "_posix.close(" + in + ")"})
        EXPECT_EQ(refusal_of(call), "PermissionError") << call;
    for (const std::string& call :
         {"_socket.recv(" + connected + ", 0, 3, 0)", "_socket.send(" + connected + ", 0, b'x', 0)",
          "_socket.sendall(" + connected + ", 0, b'x', 0)", "_socket.close(" + connected + ")",
          "_socket.dup(" + connected + ")", "_socket.shutdown(" + connected + ", 2)",
          "_socket.getsockname(" + connected + ")", "socket.socket(fileno=" + connected + ")"})
        EXPECT_EQ(refusal_of(call), "PermissionError") << call;
    char text[16];
    EXPECT_EQ(read(ends[0], text, sizeof text), 6);
    EXPECT_EQ(read(sockets[0], text, sizeof text), 6);
    EXPECT_EQ(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    for (int fd : {ends[0], ends[1], sockets[0], sockets[1]}) EXPECT_EQ(close(fd), 0);
}

TEST(Grants, TheHostsProcess) {
    EXPECT_EQ(refusal_of("os.kill(os.getpid(), 0)"), "PermissionError");
    EXPECT_EQ(refusal_of("_posix.kill(os.getpid(), 0)"), "PermissionError");
    EXPECT_EQ(refusal_of("os._exit(3)"), "PermissionError");
    EXPECT_EQ(refusal_of("os.system('true')"), "PermissionError");
    EXPECT_EQ(refusal_of("os.umask(0)"), "PermissionError");
    EXPECT_EQ(refusal_of("_signal.raise_signal(1)"), "PermissionError");
    EXPECT_EQ(refusal_of("os.kill(os.getpid(), 0)", {.processes = true}), "None\n");
}

TEST(Grants, TheHostsEnvironment) {
    setenv("GEN_GRANTS_TEST", "before", 1);
    EXPECT_EQ(refusal_of("os.environ['GEN_GRANTS_TEST']"), "KeyError");
    EXPECT_EQ(refusal_of("os.putenv('GEN_GRANTS_TEST', 'after')"), "PermissionError");
    EXPECT_EQ(refusal_of("os.environ.__setitem__('GEN_GRANTS_TEST', 'after')"), "PermissionError");
    EXPECT_EQ(refusal_of("os.unsetenv('GEN_GRANTS_TEST')"), "PermissionError");
    EXPECT_STREQ(getenv("GEN_GRANTS_TEST"), "before");
    EXPECT_EQ(refusal_of("os.putenv('GEN_GRANTS_TEST', 'after')", {.environment = true}), "None\n");
    EXPECT_STREQ(getenv("GEN_GRANTS_TEST"), "after");
}

}  // namespace
