// Several interpreters at once, each on a thread of its own: what they share in the process (the C library's environment, time zone and
// messages, signals, libuv's threads, PCRE2's memory for machine code, the compiled library) is used by all. A build with
// -fsanitize=thread sees what this test alone cannot.
#include "gen/gen.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>

using gen::Error;
using gen::Interpreter;
using gen::Progress;
using gen::Promise;
using gen::Resolver;
using gen::Task;

namespace {

constexpr int kThreads = 8;
constexpr int kQuestions = 20;  // each asks as many

// What every interpreter runs; `me` is its number. Its result is the same everywhere.
constexpr const char* kProgram = R"(
import asyncio, contextlib, functools, heapq, io, itertools, json, os, random, re, string, threading, time, traceback
import collections, dataclasses, enum, queue, struct, textwrap

def tree(depth):
    if depth:
        yield from tree(depth - 1)
        yield depth
        yield from tree(depth - 1)

def patterns():
    text = ' '.join(f'key{i}={i * i}' for i in range(300))
    found = 0
    for word in range(40):
        found += len(re.findall(rf'key(\d*{word % 10})=(\d+)', text))
    return found, re.sub(r'(\w+)=(\d+)', lambda m: m[2], text[:20])

def texts():
    data = {'a': [1, 2.5, None, True, 'x\u00e4'], 'b': {'c': list(range(50))}}
    for i in range(20):
        assert json.loads(json.dumps(data, indent=i % 3 or None)) == data
    return struct.pack('>d', 1.5), '{:>10.3f}|%-5d|'.format(3.14159) % 7, float('1e-310'), repr(0.1 + 0.2), 3 ** 500 % 10 ** 9

def errors():
    kinds = []
    for make in (lambda: 1 // 0, lambda: {}['x'], lambda: [][1], lambda: None.x, lambda: int('x'), lambda: open('/nowhere/at/all'),
                 lambda: os.stat('/nowhere')):
        try:
            try:
                make()
            except Exception as e:
                raise RuntimeError('again') from e
        except RuntimeError as e:
            kinds.append(type(e.__cause__).__name__)
            assert 'again' in ''.join(traceback.format_exception(e))
    return kinds, os.strerror(2), os.strerror(4242)

def times():
    for i in range(30):
        then = time.localtime(i * 86400 * 100)
        assert time.mktime(then) == i * 86400 * 100
        time.strftime('%Y-%m-%d %H:%M:%S %Z %a %B', then)
        time.ctime(i)
    return time.strftime('%Y-%m-%d', time.gmtime(86400 * 366))

def environment():
    for i in range(30):
        os.environ[f'GEN_TEST_{me}_{i}'] = 'x' * (i * 7)
        os.getenv('PATH')
    seen = sum(name.startswith(f'GEN_TEST_{me}_') for name in os.environ)
    for i in range(30):
        del os.environ[f'GEN_TEST_{me}_{i}']
    return seen

async def worker(q, results):
    while (n := await q.get()) is not None:
        await asyncio.sleep(0)
        results.append(n * n)

async def tasks():
    q, results = asyncio.Queue(3), []
    async with asyncio.TaskGroup() as group:
        workers = [group.create_task(worker(q, results)) for _ in range(4)]
        for n in range(50):
            await q.put(n)
        for _ in workers:
            await q.put(None)
    try:
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()
    except TimeoutError:
        results.append(-1)
    return sum(results)

async def network():
    async def serve(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(serve, '127.0.0.1', 0)
    async def ask():
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b'hello\n')
        answer = await reader.read()
        writer.close()
        return answer
    answers = await asyncio.gather(*(ask() for _ in range(5)))
    server.close()
    return set(answers)

def names():
    import socket
    return socket.getservbyname('http') if os.path.exists('/etc/services') else 80, socket.gethostbyname('127.0.0.1')

def children():
    import subprocess
    done = [subprocess.run(['/bin/echo', str(i)], capture_output=True, text=True).stdout for i in range(3)]
    return done, subprocess.run(['/bin/sh', '-c', 'kill -9 $$']).returncode

def signals():
    import signal
    with contextlib.suppress(ValueError):
        before = signal.signal(signal.SIGUSR2, lambda *a: None)
        signal.signal(signal.SIGUSR2, before)

def fibers():
    q, lock, total = queue.Queue(), threading.Lock(), 0
    def add():
        nonlocal total
        while (n := q.get()) is not None:
            with lock:
                total += n
    threads = [threading.Thread(target=add) for _ in range(5)]
    for t in threads:
        t.start()
    for n in [*range(200), *[None] * 5]:
        q.put(n)
    for t in threads:
        t.join()
    return total

def classes():
    Point = dataclasses.make_dataclass('Point', ['x', 'y'])
    Color = enum.Enum('Color', 'RED GREEN')
    Pair = collections.namedtuple('Pair', 'a b')
    exec('def f(x): return x + 1', names := {})
    @functools.lru_cache
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)
    return repr(Point(1, 2)), Color.GREEN.value, Pair(1, 2), names['f'](1), fib(80)

def everything():
    signals()
    random.seed(5)
    return repr((sum(tree(12)), patterns(), texts(), errors(), times(), environment(), asyncio.run(tasks()), fibers(), classes(),
                 children() if with_libuv else None, asyncio.run(network()) if with_libuv else None, names() if with_libuv else None,
                 random.random(), textwrap.fill('a b c ' * 20, 20)))

def question(i):
    try:
        return ask(i)
    except LookupError as e:
        return -int(str(e).strip("'"))
)";

struct Question {
    int number;
    Resolver answer;
};

// One thread's interpreter, and what others ask it.
struct Place {
    std::mutex mutex;
    std::deque<Question> questions;
    Interpreter* vm = nullptr;  // while it can be woken
};

void answer_all(Place& place, Interpreter& vm) {
    std::deque<Question> questions;
    {
        std::lock_guard guard(place.mutex);
        questions.swap(place.questions);
    }
    for (Question& q : questions) {
        if (q.number % 5 == 4)
            q.answer.fail("LookupError", std::to_string(q.number));
        else
            q.answer.resolve(vm.call("answer", q.number).as<int>());
    }
}

}  // namespace

TEST(Threads, OneInterpreterEach) {
#ifdef GEN_HAS_LIBUV
    constexpr bool kLibuv = true;
#else
    constexpr bool kLibuv = false;
#endif
    Place places[kThreads];
    std::string results[kThreads];
    int sums[kThreads] = {};
    std::atomic<int> answered = 0;
    auto work = [&](int me) {
        Interpreter vm({.files = true,
                        .environment = true,
                        .network = true,
                        .processes = true,
                        .isolates = true,
                        .machine_code = true});
        Place& place = places[me];
        {
            std::lock_guard guard(place.mutex);
            place.vm = &vm;
        }
        int next = me;
        vm.def("ask", [&](int n) {
            Promise promise(vm);
            next = (next + 1) % kThreads;  // itself, too
            Place& other = places[next];
            std::lock_guard guard(other.mutex);
            other.questions.push_back({n, promise.resolver()});
            if (other.vm) other.vm->wake();
            return promise;
        });
        vm.set("me", vm.value(me));
        vm.set("with_libuv", vm.value(kLibuv));
        vm.run(kProgram);
        vm.run("def answer(n): return sum(i for i in range(n))");
        std::vector<Task> tasks;
        for (int i = 0; i < kQuestions; i++) tasks.push_back(vm.start(vm.get("question"), i));
        Task everything = vm.start(vm.get("everything"));
        bool counted = false;
        while (answered < kThreads) {
            const bool done = vm.run_for({.seconds = 0.005}) == Progress::Done;
            answer_all(place, vm);
            if (done && !counted) {
                counted = true;
                if (++answered == kThreads) {  // the others have nothing to wait for any more
                    for (Place& other : places) {
                        std::lock_guard guard(other.mutex);
                        if (other.vm) other.vm->wake();
                    }
                }
            }
            vm.wait(0.05);
        }
        results[me] = everything.result().as<std::string>();
        for (Task& t : tasks) sums[me] += t.result().as<int>();
        std::lock_guard guard(place.mutex);
        place.vm = nullptr;
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; i++)
        threads.emplace_back([&, i] {
            try {
                work(i);
            } catch (const Error& e) {
                ADD_FAILURE() << e.what() << "\n" << e.traceback();
                answered = kThreads;
            }
        });
    for (std::thread& t : threads) t.join();
    int expected = 0;
    for (int n = 0; n < kQuestions; n++) expected += n % 5 == 4 ? -n : n * (n - 1) / 2;
    for (int i = 0; i < kThreads; i++) {
        EXPECT_EQ(sums[i], expected);
        EXPECT_EQ(results[i], results[0]);
    }
    EXPECT_NE(results[0].find("'ZeroDivisionError'"), std::string::npos) << results[0];
}

// Whoever asks from elsewhere may do so at any time, also while the interpreter gets its reactor.
TEST(Threads, AskAnInterpreterToEnd) {
    for (int round = 0; round < 20; round++) {
        Interpreter vm({.network = true});
        std::atomic<bool> ended = false;
        std::thread other([&] {
            for (int i = 0; !ended; i++) {
                i % 3 == 0 ? vm.wake() : i % 3 == 1 ? vm.show_tasks() : vm.interrupt();
                std::this_thread::yield();
            }
        });
        for (int i = 0; i < 5; i++) {
            try {
                vm.run(
                    "import threading, socket, asyncio\n"
                    "a, b = socket.socketpair()\n"
                    "asyncio.run(asyncio.sleep(0.0001))\n"
                    "threading.Thread(target=a.recv, args=(1,), daemon=True).start()\n"
                    "b.send(b'x')\n");
            } catch (const Error& e) {
                EXPECT_TRUE(e.type() == "KeyboardInterrupt" || e.type() == "ImportError") << e.what();
            }
        }
        ended = true;
        other.join();
    }
}

// What one interpreter catches is not lost to it when another one stops to catch it; what held before both holds again in the end.
#ifdef GEN_HAS_LIBUV
TEST(Threads, CatchTheSameSignal) {
    const char* begin =
        "import signal\nhits = 0\ndef hit(*a):\n    global hits\n    hits += 1\n"
        "signal.signal(signal.SIGUSR1, hit)\n";
    auto before = std::signal(SIGUSR1, SIG_IGN);
    for (const char* end : {"", "signal.signal(signal.SIGUSR1, signal.SIG_DFL)"}) {
        Interpreter b({.processes = true});
        {
            Interpreter a({.processes = true});
            a.run(begin);
            b.run(begin);
            a.run(end);
            if (*end) std::raise(SIGUSR1);
            EXPECT_EQ(a.run("hits").as<int>(), 0);
        }
        if (!*end) std::raise(SIGUSR1);
        for (int i = 0; i < 200 && b.run("hits").as<int>() == 0; i++) {
            b.wait(0.05);
            b.run_for();
        }
        EXPECT_EQ(b.run("hits").as<int>(), 1);
        b.run("signal.signal(signal.SIGUSR1, signal.SIG_IGN)");
    }
    EXPECT_EQ(std::signal(SIGUSR1, before), SIG_IGN);
}
#endif
