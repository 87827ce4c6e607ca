// _posix: the system calls that os, io, shutil and tempfile are made of. Paths are str or bytes; each needs the grant for files.
#include "runtime/modules/descriptor.h"
#include "runtime/modules/modules.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"
#include "vm/exec/exec.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <climits>
#include <cstdlib>

namespace gen {

// ---- arguments

static bool granted(VM& vm) {
    if (runtime_of(vm).grants.files) return true;
    vm.raise(kShapePermissionError, "the host does not grant access to files");
    return false;
}

static bool path_of(VM& vm, Value v, std::string& out) {
    if (!granted(vm)) return false;
    if (is_str(v))
        out = v.as<Str>()->view();
    else if (is_bytes(v))
        out = view_of(v.as<Bytes>());
    else {
        vm.type_error("path should be string, bytes or os.PathLike, not %s", vm.type_name(v));
        return false;
    }
    if (out.find('\0') != std::string::npos) {
        vm.value_error("embedded null byte");
        return false;
    }
    return true;
}
static bool number_of(VM& vm, Value v, int64_t& out) {
    if (v.is_unbound()) return true;
    if (!is_int_like(v)) {
        vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(v));
        return false;
    }
    out = int_clamp(v);
    return true;
}
static Outcome done(VM& vm, int result, Value path = Value::unbound(), Value second = Value::unbound()) {
    return result < 0 ? raise_os_error(vm, errno, path, second) : Outcome(Value::none());
}
static bool descriptor_of(VM& vm, Value v, int64_t& fd) {
    return descriptors_granted(vm) && number_of(vm, v, fd);
}

// ---- descriptors

#if defined(GEN_HAS_LIBUV)
constexpr bool kCanWait = true;
#else
constexpr bool kCanWait = false;
#endif

static Outcome px_open(VM& vm, Value* args) {  // path, flags, mode
    std::string path;
    int64_t flags = 0, mode = 0777;
    if (!path_of(vm, args[0], path) || !number_of(vm, args[1], flags) || !number_of(vm, args[2], mode))
        return Outcome::raised();
    // The other end of a named pipe may be long in coming: a reader waits for it when it reads, a writer by trying again.
    struct stat s;
    const bool named_pipe = kCanWait && !(flags & O_NONBLOCK) && (flags & O_ACCMODE) != O_RDWR &&
                            stat(path.c_str(), &s) == 0 && S_ISFIFO(s.st_mode);
    int fd;
    do fd = open(path.c_str(), int(flags) | O_CLOEXEC | (named_pipe ? O_NONBLOCK : 0), mode_t(mode));
    while (fd < 0 && errno == EINTR && !vm.interrupt.load());
    if (fd < 0 && errno == ENXIO && named_pipe) return Outcome::unhandled();
    if (fd >= 0 && named_pipe) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd < 0 ? raise_os_error(vm, errno, args[0]) : Outcome(Value::integer(fd));
}
static Outcome open_later(VM& vm, NativeFrame& frame) {
    constexpr int64_t kBetween = 5'000'000;
    switch (frame.step_state()) {
        case 0:
            for (;;) {
                vm.scheduler.park(vm, Wait::Time, vm.clock->now() + kBetween);
                AWAIT(1, Outcome::park());
                {
                    Outcome o = px_open(vm, &frame[0]);
                    if (!o.is_unhandled()) return o;
                }
            }
    }
    return Value::none();
}
// Nobody reads or writes the old file under this number any more.
static void forget_descriptor(VM& vm, int fd) {
#if defined(GEN_HAS_LIBUV)
    if (runtime_of(vm).reactor) runtime_of(vm).reactor->forget(fd);
#else
    (void)vm, (void)fd;
#endif
}
static Outcome px_close(VM& vm, Value* args) {
    int64_t fd = -1;
    if (!descriptor_of(vm, args[0], fd)) return Outcome::raised();
    forget_descriptor(vm, int(fd));
    return done(vm, close(int(fd)));
}
// Is it a pipe, terminal or socket that blocks, and is not ready?
static bool would_wait(int fd, short events) {
#if defined(GEN_HAS_LIBUV)
    struct stat s;
    pollfd p{fd, events, 0};
    if (fstat(fd, &s) < 0 || !(S_ISFIFO(s.st_mode) || S_ISCHR(s.st_mode) || S_ISSOCK(s.st_mode)))
        return false;
    return !(fcntl(fd, F_GETFL) & O_NONBLOCK) && poll(&p, 1, 0) == 0;
#else
    return fd < 0 && events < 0;
#endif
}
// Of files, a piece of what is read or written at once. Other threads have their turn between two pieces, as while they would wait.
constexpr int64_t kPiece = 256 << 10;
constexpr int64_t kPage = 4096;

static bool is_file(int fd) {
    struct stat s;
    return fstat(fd, &s) == 0 && (S_ISREG(s.st_mode) || S_ISBLK(s.st_mode));
}
static Outcome give_way(VM& vm) {
    if (vm.nested != 1) return Value::none();  // a host that waits for a call: nobody else may run
    vm.scheduler.park(vm, Wait::Time, vm.clock->now());
    return Outcome::park();
}
static ssize_t read_some(VM& vm, int fd, uint8_t* to, size_t size) {
    ssize_t n;
    do n = read(fd, to, size);
    while (n < 0 && errno == EINTR && !vm.interrupt.load());
    return n;
}
static ssize_t write_some(VM& vm, int fd, std::string_view data) {
    ssize_t n;
    do n = write(fd, data.data(), data.size());
    while (n < 0 && errno == EINTR && !vm.interrupt.load());
    return n;
}
// What has been read: whoever reads has reserved memory for a copy, since no native runs again after that.
static Outcome cut(VM& vm, Bytes* b, size_t size) {
    if (b->size == size) return Value::object(b);
    Bytes* copy = make_bytes(vm.heap, b->data, size);
    return copy ? Outcome(Value::object(copy)) : vm.out_of_memory();
}

static Outcome px_read(VM& vm, Value* args) {  // descriptor, size
    int64_t fd = -1, size = 0;
    if (!descriptor_of(vm, args[0], fd) || !number_of(vm, args[1], size)) return Outcome::raised();
    if (size < 0) return raise_os_error(vm, EINVAL);
    size = std::min<int64_t>(size, int64_t{1} << 30);
    if (would_wait(int(fd), POLLIN) || (size > kPiece && is_file(int(fd)))) return Outcome::unhandled();
    int waiting = 0;  // of a pipe: no more comes at once
    if (size > kPage && ioctl(int(fd), FIONREAD, &waiting) == 0 && waiting > 0)
        size = std::min<int64_t>(size, waiting);
    if (!vm.heap.reserve(2 * size_t(size) + kPage)) return vm.no_room();
    Bytes* b = make_bytes_uninitialized(vm.heap, size_t(size));
    if (!b) return vm.out_of_memory();
    ssize_t n = read_some(vm, int(fd), b->data, size_t(size));
    return n < 0 ? raise_os_error(vm, errno) : cut(vm, b, size_t(n));
}
static Outcome read_file_step(VM& vm, NativeFrame& frame) {  // locals: the bytes, how many there are
    switch (frame.step_state()) {
        case 0: {
            int64_t size = std::min<int64_t>(int_clamp(frame[1]), int64_t{1} << 30);
            const int fd = int(int_clamp(frame[0]));
            struct stat s;
            off_t at = lseek(fd, 0, SEEK_CUR);
            if (at >= 0 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode))
                size = std::clamp<int64_t>(s.st_size - at, kPiece, size);
            if (!vm.heap.reserve(size_t(size) + size_t(kPiece))) return vm.no_room();
            Bytes* b = make_bytes_uninitialized(vm.heap, size_t(size));
            if (!b) return vm.out_of_memory();
            frame[2] = Value::object(b);
            frame[3] = Value::integer(0);
        }
            for (;;) {
                {
                    auto* b = frame[2].as<Bytes>();
                    const size_t have = size_t(frame[3].as_int()),
                                 wanted = std::min(b->size - have, size_t(kPiece));
                    ssize_t n = read_some(vm, int(int_clamp(frame[0])), b->data + have, wanted);
                    if (n < 0 && !have) return raise_os_error(vm, errno);
                    const size_t total = have + size_t(std::max<ssize_t>(n, 0));
                    if (n < ssize_t(wanted) || total == b->size) return cut(vm, b, total);
                    frame[3] = Value::integer(int64_t(total));
                }
                AWAIT(1, give_way(vm));
            }
    }
    return Value::none();
}

static Outcome px_write(VM& vm, Value* args) {  // descriptor, data: how many bytes were written
    int64_t fd = -1;
    std::string_view data;
    std::string scratch;
    if (!descriptor_of(vm, args[0], fd)) return Outcome::raised();
    if (!view_bytes(vm, args[1], data, scratch))
        return vm.type_error("a bytes-like object is required, not '%s'", vm.type_name(args[1]));
    if (would_wait(int(fd), POLLOUT)) return Outcome::unhandled();
    // A pipe takes so much without waiting when it takes anything; whoever writes more looks at the answer.
    struct stat s;
    if (data.size() > PIPE_BUF && fstat(int(fd), &s) == 0 && S_ISFIFO(s.st_mode))
        data = data.substr(0, PIPE_BUF);
    if (int64_t(data.size()) > kPiece && is_file(int(fd))) return Outcome::unhandled();
    ssize_t n = write_some(vm, int(fd), data);
    return n < 0 ? raise_os_error(vm, errno) : Outcome(Value::integer(n));
}
static Outcome write_file_step(VM& vm, NativeFrame& frame) {  // local: how many are written
    switch (frame.step_state()) {
        case 0:
            frame[2] = Value::integer(0);
            for (;;) {
                {
                    std::string_view data;
                    std::string scratch;
                    view_bytes(vm, frame[1], data, scratch);
                    const size_t done = std::min(size_t(frame[2].as_int()), data.size());
                    data = data.substr(done, size_t(kPiece));
                    ssize_t n = write_some(vm, int(int_clamp(frame[0])), data);
                    if (n < 0 && !done) return raise_os_error(vm, errno);
                    const size_t total = done + size_t(std::max<ssize_t>(n, 0));
                    frame[2] = Value::integer(int64_t(total));
                    if (n < ssize_t(kPiece)) return Value::integer(int64_t(total));
                }
                AWAIT(1, give_way(vm));
            }
    }
    return Value::none();
}
#if defined(GEN_HAS_LIBUV)
template <PlainFn native, StepFn file_step, UvReactor::Direction direction>
static Outcome read_or_write(VM& vm, NativeFrame& frame) {
    const bool is_waiting =
        frame.step_state() >= 10 || (frame.step_state() == 0 && !is_file(int(int_clamp(frame[0]))));
    if (!is_waiting) return file_step(vm, frame);
    switch (frame.step_state()) {
        default:
            for (;;) {
                AWAIT(10, UvReactor::of(vm).wait_for(int(int_clamp(frame[0])), direction, kForever));
                {
                    Outcome o = native(vm, &frame[0]);
                    if (!o.is_unhandled()) return o;
                }
            }
    }
}
#define WAITING(native, file_step, direction) \
    .fn = native, .step = read_or_write<native, file_step, UvReactor::direction>, .locals = 2
#else
#define WAITING(native, file_step, direction) .fn = native, .step = file_step, .locals = 2
#endif
static Outcome px_lseek(VM& vm, Value* args) {
    int64_t fd = -1, position = 0, how = 0;
    if (!descriptor_of(vm, args[0], fd) || !number_of(vm, args[1], position) || !number_of(vm, args[2], how))
        return Outcome::raised();
    off_t at = lseek(int(fd), off_t(position), int(how));
    return at < 0 ? raise_os_error(vm, errno) : Outcome(vm.integer(at));
}
static Outcome px_ftruncate(VM& vm, Value* args) {
    int64_t fd = -1, size = 0;
    if (!descriptor_of(vm, args[0], fd) || !number_of(vm, args[1], size)) return Outcome::raised();
    return done(vm, ftruncate(int(fd), off_t(size)));
}
static Outcome px_fsync(VM& vm, Value* args) {
    int64_t fd = -1;
    return descriptor_of(vm, args[0], fd) ? done(vm, fsync(int(fd))) : Outcome::raised();
}
#if defined(GEN_HAS_LIBUV)
// The disk takes its time: the thread parks. Nobody else may close the descriptor meanwhile and give its number away, hence a copy.
static Outcome sync_file(VM& vm, Value* args) {  // the error's number, or 0
    int64_t fd = -1;
    if (!descriptor_of(vm, args[0], fd)) return Outcome::raised();
    if (vm.nested != 1 || vm.clock->is_virtual()) return px_fsync(vm, args);
    auto copy = std::make_shared<int>(fcntl(int(fd), F_DUPFD_CLOEXEC, 0));
    if (*copy < 0) return raise_os_error(vm, errno);
    return UvReactor::of(vm).work(
        [copy] {
            const int result = fsync(*copy) < 0 ? errno : 0;
            close(*copy);
            *copy = result;
        },
        [copy](VM&) { return Value::integer(*copy); });
}
static Outcome fsync_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, sync_file(vm, &frame[0]));
            if (int error = frame.result().is_int() ? int(frame.result().as_int()) : 0)
                return raise_os_error(vm, error);
    }
    return Value::none();
}
#endif
static Outcome px_isatty(VM& vm, Value* args) {
    int64_t fd = -1;
    return number_of(vm, args[0], fd) ? Outcome(Value::boolean(isatty(int(fd)))) : Outcome::raised();
}
static Outcome px_get_blocking(VM& vm, Value* args) {
    int64_t fd = -1;
    if (!descriptor_of(vm, args[0], fd)) return Outcome::raised();
    int flags = fcntl(int(fd), F_GETFL);
    return flags < 0 ? raise_os_error(vm, errno) : Outcome(Value::boolean(!(flags & O_NONBLOCK)));
}
static Outcome px_set_blocking(VM& vm, Value* args) {  // descriptor, blocking
    int64_t fd = -1;
    if (!descriptor_of(vm, args[0], fd)) return Outcome::raised();
    int flags = fcntl(int(fd), F_GETFL);
    if (flags < 0) return raise_os_error(vm, errno);
    return done(vm, fcntl(int(fd), F_SETFL, args[1].is_false() ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
}
static Outcome px_dup(VM& vm, Value* args) {
    int64_t fd = -1;
    if (!descriptor_of(vm, args[0], fd)) return Outcome::raised();
    int copy = fcntl(int(fd), F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? raise_os_error(vm, errno) : Outcome(Value::integer(copy));
}
static Outcome px_dup2(VM& vm, Value* args) {
    int64_t from = -1, to = -1;
    if (!descriptor_of(vm, args[0], from) || !number_of(vm, args[1], to)) return Outcome::raised();
    if (from != to && fcntl(int(from), F_GETFD) >= 0) forget_descriptor(vm, int(to));
    return dup2(int(from), int(to)) < 0 ? raise_os_error(vm, errno) : Outcome(args[1]);
}
static Outcome px_pipe(VM& vm, Value*) {
    int ends[2];
    if (!descriptors_granted(vm)) return Outcome::raised();
    if (pipe2(ends, O_CLOEXEC) < 0) return raise_os_error(vm, errno);
    return vm.tuple({Value::integer(ends[0]), Value::integer(ends[1])});
}

// ---- files and directories

static Outcome stat_fields(VM& vm, const struct stat& s) {  // the ten of the tuple, then times in full
    auto seconds = [](const timespec& t) { return Value::integer(t.tv_sec); };
    auto exact = [&](const timespec& t) { return vm.real(double(t.tv_sec) + double(t.tv_nsec) * 1e-9); };
    auto nanoseconds = [&](const timespec& t) {
        return vm.integer(int64_t(t.tv_sec) * 1'000'000'000 + t.tv_nsec);
    };
    return vm.tuple({Value::integer(s.st_mode), vm.integer(int64_t(s.st_ino)), vm.integer(int64_t(s.st_dev)),
                     Value::integer(int64_t(s.st_nlink)), Value::integer(s.st_uid), Value::integer(s.st_gid),
                     vm.integer(s.st_size), seconds(s.st_atim), seconds(s.st_mtim), seconds(s.st_ctim),
                     exact(s.st_atim), exact(s.st_mtim), exact(s.st_ctim), nanoseconds(s.st_atim),
                     nanoseconds(s.st_mtim), nanoseconds(s.st_ctim), Value::integer(s.st_blksize),
                     Value::integer(s.st_blocks)});
}
static Outcome px_stat(VM& vm, Value* args) {  // path or descriptor, follow
    struct stat s;
    if (is_int_like(args[0])) {
        if (!descriptors_granted(vm)) return Outcome::raised();
        return fstat(int(int_clamp(args[0])), &s) < 0 ? raise_os_error(vm, errno) : stat_fields(vm, s);
    }
    std::string path;
    if (!path_of(vm, args[0], path)) return Outcome::raised();
    int r = args[1].is_false() ? lstat(path.c_str(), &s) : stat(path.c_str(), &s);
    return r < 0 ? raise_os_error(vm, errno, args[0]) : stat_fields(vm, s);
}

static Outcome px_statvfs(VM& vm, Value* args) {  // path or descriptor
    struct statvfs s;
    std::string path;
    const bool by_number = is_int_like(args[0]);
    if (!by_number && !path_of(vm, args[0], path)) return Outcome::raised();
    if ((by_number ? fstatvfs(int(int_clamp(args[0])), &s) : statvfs(path.c_str(), &s)) < 0)
        return by_number ? raise_os_error(vm, errno) : raise_os_error(vm, errno, args[0]);
    auto number = [](auto n) { return Value::integer(int64_t(n)); };
    return vm.tuple({number(s.f_bsize), number(s.f_frsize), number(s.f_blocks), number(s.f_bfree),
                     number(s.f_bavail), number(s.f_files), number(s.f_ffree), number(s.f_favail),
                     number(s.f_flag), number(s.f_namemax)});
}

static Outcome px_listdir(VM& vm, Value* args) {  // path: a list of (name, d_type)
    std::string path;
    if (!path_of(vm, args[0], path)) return Outcome::raised();
    DIR* d = opendir(path.c_str());
    if (!d) return raise_os_error(vm, errno, args[0]);
    Value list = vm.list();
    errno = 0;
    while (dirent* e = readdir(d)) {
        std::string_view name = e->d_name;
        if (name == "." || name == "..") continue;
        Outcome text = file_name(vm, name);
        if (text.is_raised() ||
            !list_append(vm.heap, list.as<List>(), vm.tuple({text.value(), Value::integer(e->d_type)}))) {
            closedir(d);
            return text.is_raised() ? text : vm.out_of_memory();
        }
    }
    closedir(d);
    return list;
}

template <int (*call)(const char*)>
static Outcome one_path(VM& vm, Value* args) {
    std::string path;
    return path_of(vm, args[0], path) ? done(vm, call(path.c_str()), args[0]) : Outcome::raised();
}
template <int (*call)(const char*, const char*)>
static Outcome two_paths(VM& vm, Value* args) {
    std::string from, to;
    if (!path_of(vm, args[0], from) || !path_of(vm, args[1], to)) return Outcome::raised();
    return done(vm, call(from.c_str(), to.c_str()), args[0], args[1]);
}
template <int (*call)(const char*, mode_t)>
static Outcome path_and_mode(VM& vm, Value* args) {
    std::string path;
    int64_t mode = 0777;
    if (!path_of(vm, args[0], path) || !number_of(vm, args[1], mode)) return Outcome::raised();
    return done(vm, call(path.c_str(), mode_t(mode)), args[0]);
}
static Outcome px_readlink(VM& vm, Value* args) {
    std::string path;
    char target[PATH_MAX];
    if (!path_of(vm, args[0], path)) return Outcome::raised();
    ssize_t n = readlink(path.c_str(), target, sizeof target);
    return n < 0 ? raise_os_error(vm, errno, args[0]) : file_name(vm, {target, size_t(n)});
}
static Outcome px_access(VM& vm, Value* args) {
    std::string path;
    int64_t mode = 0;
    if (!path_of(vm, args[0], path) || !number_of(vm, args[1], mode)) return Outcome::raised();
    return Value::boolean(access(path.c_str(), int(mode)) == 0);
}
static Outcome px_utime(VM& vm, Value* args) {  // path, (atime_ns, mtime_ns) or None
    std::string path;
    timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    if (!path_of(vm, args[0], path)) return Outcome::raised();
    if (is_tuple(args[1]) && args[1].as<Tuple>()->size == 2)
        for (int i = 0; i < 2; i++) {
            int64_t ns = int_clamp(args[1].as<Tuple>()->items[i]);
            times[i] = {time_t(ns / 1'000'000'000), long(ns % 1'000'000'000)};
        }
    return done(vm, utimensat(AT_FDCWD, path.c_str(), times, 0), args[0]);
}
static Outcome px_getcwd(VM& vm, Value*) {
    char path[PATH_MAX];
    if (!granted(vm)) return Outcome::raised();
    return getcwd(path, sizeof path) ? file_name(vm, path) : raise_os_error(vm, errno);
}
static Outcome px_umask(VM& vm, Value* args) {
    int64_t mask = 0;
    return granted(vm) && number_of(vm, args[0], mask) ? Outcome(Value::integer(umask(mode_t(mask))))
                                                       : Outcome::raised();
}

// ---- the process

static Outcome px_environ(VM& vm, Value*) {
    Dict* d = vm.dict();
    if (!runtime_of(vm).grants.environment) return Value::object(d);
    for (std::string_view entry : environment_of(vm)) {
        size_t equals = entry.find('=');
        if (equals == std::string_view::npos || valid_utf8(entry) < entry.size()) continue;
        vm.set(d, entry.substr(0, equals), vm.str(entry.substr(equals + 1)));
    }
    return Value::object(d);
}
static bool environment_granted(VM& vm) {
    if (runtime_of(vm).grants.environment) return true;
    vm.raise(kShapePermissionError, "the host does not grant access to the environment");
    return false;
}
static Outcome px_putenv(VM& vm, Value* args) {
    if (!environment_granted(vm)) return Outcome::raised();
    if (!is_str(args[0]) || !is_str(args[1]))
        return vm.type_error("str expected, not %s", vm.type_name(is_str(args[0]) ? args[1] : args[0]));
    if (args[0].as<Str>()->view().find('=') != std::string_view::npos)
        return vm.value_error("illegal environment variable name");
    int error =
        set_variable(vm, std::string(args[0].as<Str>()->view()), std::string(args[1].as<Str>()->view()));
    return error ? raise_os_error(vm, error) : Outcome(Value::none());
}
static Outcome px_unsetenv(VM& vm, Value* args) {
    if (!environment_granted(vm)) return Outcome::raised();
    if (!is_str(args[0])) return vm.type_error("str expected, not %s", vm.type_name(args[0]));
    int error = unset_variable(vm, std::string(args[0].as<Str>()->view()));
    return error ? raise_os_error(vm, error) : Outcome(Value::none());
}
template <auto call>
static Outcome process_number(VM& vm, Value*) {
    return vm.integer(int64_t(call()));
}
static Outcome px_cpu_count(VM&, Value*) {
    return Value::integer(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}
static Outcome px_urandom(VM& vm, Value* args) {
    int64_t n = 0;
    if (!number_of(vm, args[0], n)) return Outcome::raised();
    if (n < 0) return vm.value_error("negative argument not allowed");
    if (!vm.heap.reserve(size_t(n))) return vm.no_room();
    Bytes* b = make_bytes_uninitialized(vm.heap, size_t(n));
    if (!b) return vm.out_of_memory();
    if (RuntimeHost& host = runtime_of(vm); host.seed) {
        // SplitMix64 (Steele, Lea and Flood, 2014).
        for (size_t at = 0; at < size_t(n); at++) {
            uint64_t z = host.entropy += 0x9e3779b97f4a7c15u;
            z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
            z = (z ^ z >> 27) * 0x94d049bb133111ebu;
            b->data[at] = uint8_t(z >> 56);
        }
        return Value::object(b);
    }
    for (size_t at = 0; at < size_t(n);) {
        ssize_t got = getrandom(b->data + at, size_t(n) - at, 0);
        if (got > 0) at += size_t(got);
    }
    return Value::object(b);
}
static Outcome px_kill(VM& vm, Value* args) {
    int64_t pid = 0, signal = 0;
    if (!processes_granted(vm) || !number_of(vm, args[0], pid) || !number_of(vm, args[1], signal))
        return Outcome::raised();
    return done(vm, kill(pid_t(pid), int(signal)));
}
static Outcome px_exit(VM& vm, Value* args) {  // os._exit: nothing is flushed or closed
    int64_t status = 0;
    if (!number_of(vm, args[0], status)) return Outcome::raised();
    RuntimeHost& host = runtime_of(vm);
    if (!host.is_isolate) {
        if (!processes_granted(vm)) return Outcome::raised();
        _exit(int(status));
    }
    host.left_with = int(status & 255);
    begin_termination(vm, "os._exit()");
    vm.grace_end = vm.steps_now();  // not even `finally` runs
    if (vm.fiber != vm.main_fiber && vm.nested == 1) vm.scheduler.throw_into(vm.main_fiber, vm.exception);
    return Outcome::raised();
}
static Outcome px_system(VM& vm, Value* args) {
    std::string command;
    if (!path_of(vm, args[0], command) || !processes_granted(vm)) return Outcome::raised();
    host_of(vm).streams.out.flush();
    return Value::integer(std::system(command.c_str()));
}
static Outcome px_strerror(VM& vm, Value* args) {
    int64_t n = 0;
    return number_of(vm, args[0], n) ? vm.checked(vm.str(std::strerror(int(n)))) : Outcome::raised();
}
static Outcome px_terminal_size(VM& vm, Value* args) {
    int64_t fd = 1;
    if (!number_of(vm, args[0], fd)) return Outcome::raised();
    winsize w;
    if (ioctl(int(fd), TIOCGWINSZ, &w) < 0) return raise_os_error(vm, errno);
    return vm.tuple({Value::integer(w.ws_col), Value::integer(w.ws_row)});
}
static Outcome px_uname(VM& vm, Value*) {
    utsname u;
    if (uname(&u) < 0) return raise_os_error(vm, errno);
    return vm.tuple(
        {vm.str(u.sysname), vm.str(u.nodename), vm.str(u.release), vm.str(u.version), vm.str(u.machine)});
}

static const NativeDef kFunctions[] = {
    {.signature = "open(path, flags, mode=0o777, /)", .fn = px_open, .step = open_later},
    {.signature = "close(fd, /)", .fn = px_close},
    {.signature = "read(fd, length, /)", WAITING(px_read, read_file_step, kRead)},
    {.signature = "write(fd, data, /)", WAITING(px_write, write_file_step, kWrite)},
    {.signature = "lseek(fd, position, how, /)", .fn = px_lseek},
    {.signature = "ftruncate(fd, length, /)", .fn = px_ftruncate},
#if defined(GEN_HAS_LIBUV)
    {.signature = "fsync(fd, /)", .step = fsync_step},
#else
    {.signature = "fsync(fd, /)", .fn = px_fsync},
#endif
    {.signature = "isatty(fd, /)", .fn = px_isatty},
    {.signature = "dup(fd, /)", .fn = px_dup},
    {.signature = "dup2(fd, fd2, /)", .fn = px_dup2},
    {.signature = "pipe()", .fn = px_pipe},
    {.signature = "get_blocking(fd, /)", .fn = px_get_blocking},
    {.signature = "set_blocking(fd, blocking, /)", .fn = px_set_blocking},
    {.signature = "stat(path, follow=True, /)", .fn = px_stat},
    {.signature = "statvfs(path, /)", .fn = px_statvfs},
    {.signature = "listdir(path, /)", .fn = px_listdir},
    {.signature = "mkdir(path, mode=0o777, /)", .fn = path_and_mode<mkdir>},
    {.signature = "chmod(path, mode, /)", .fn = path_and_mode<chmod>},
    {.signature = "rmdir(path, /)", .fn = one_path<rmdir>},
    {.signature = "unlink(path, /)", .fn = one_path<unlink>},
    {.signature = "chdir(path, /)", .fn = one_path<chdir>},
    {.signature = "rename(src, dst, /)", .fn = two_paths<rename>},
    {.signature = "link(src, dst, /)", .fn = two_paths<link>},
    {.signature = "symlink(src, dst, /)", .fn = two_paths<symlink>},
    {.signature = "readlink(path, /)", .fn = px_readlink},
    {.signature = "access(path, mode, /)", .fn = px_access},
    {.signature = "utime(path, times, /)", .fn = px_utime},
    {.signature = "getcwd()", .fn = px_getcwd},
    {.signature = "umask(mask, /)", .fn = px_umask},
    {.signature = "environ()", .fn = px_environ},
    {.signature = "putenv(name, value, /)", .fn = px_putenv},
    {.signature = "unsetenv(name, /)", .fn = px_unsetenv},
    {.signature = "getpid()", .fn = process_number<getpid>},
    {.signature = "getppid()", .fn = process_number<getppid>},
    {.signature = "getuid()", .fn = process_number<getuid>},
    {.signature = "geteuid()", .fn = process_number<geteuid>},
    {.signature = "getgid()", .fn = process_number<getgid>},
    {.signature = "cpu_count()", .fn = px_cpu_count},
    {.signature = "urandom(size, /)", .fn = px_urandom},
    {.signature = "kill(pid, signal, /)", .fn = px_kill},
    {.signature = "_exit(status, /)", .fn = px_exit},
    {.signature = "system(command, /)", .fn = px_system},
    {.signature = "strerror(code, /)", .fn = px_strerror},
    {.signature = "terminal_size(fd, /)", .fn = px_terminal_size},
    {.signature = "uname()", .fn = px_uname},
};

static void init(VM& vm, Module* m) {
    struct Row {
        const char* name;
        int value;
    };
    static const Row rows[] = {
        {"O_RDONLY", O_RDONLY},
        {"O_WRONLY", O_WRONLY},
        {"O_RDWR", O_RDWR},
        {"O_CREAT", O_CREAT},
        {"O_EXCL", O_EXCL},
        {"O_TRUNC", O_TRUNC},
        {"O_APPEND", O_APPEND},
        {"O_NONBLOCK", O_NONBLOCK},
        {"O_NOFOLLOW", O_NOFOLLOW},
        {"O_CLOEXEC", O_CLOEXEC},
        {"O_SYNC", O_SYNC},
        {"F_OK", F_OK},
        {"R_OK", R_OK},
        {"W_OK", W_OK},
        {"X_OK", X_OK},
        {"DT_DIR", DT_DIR},
        {"DT_REG", DT_REG},
        {"DT_LNK", DT_LNK},
        {"DT_UNKNOWN", DT_UNKNOWN},
    };
    for (auto [name, value] : rows) vm.set(m->dict, name, Value::integer(value));
}

const ModuleDef kPosixModule = {.name = "_posix", .functions = kFunctions, .init = init};

// ---- errno

static void init_errno(VM& vm, Module* m) {
    struct Row {
        const char* name;
        int value;
    };
    static const Row rows[] = {
#define ROW(name) {#name, name}
        ROW(EPERM),        ROW(ENOENT),       ROW(ESRCH),        ROW(EINTR),      ROW(EIO),
        ROW(ENXIO),        ROW(E2BIG),        ROW(EBADF),        ROW(ECHILD),     ROW(EAGAIN),
        ROW(ENOMEM),       ROW(EACCES),       ROW(EFAULT),       ROW(EBUSY),      ROW(EEXIST),
        ROW(EXDEV),        ROW(ENODEV),       ROW(ENOTDIR),      ROW(EISDIR),     ROW(EINVAL),
        ROW(ENFILE),       ROW(EMFILE),       ROW(ENOTTY),       ROW(EFBIG),      ROW(ENOSPC),
        ROW(ESPIPE),       ROW(EROFS),        ROW(EMLINK),       ROW(EPIPE),      ROW(EDOM),
        ROW(ERANGE),       ROW(EDEADLK),      ROW(ENAMETOOLONG), ROW(ENOSYS),     ROW(ENOTEMPTY),
        ROW(ELOOP),        ROW(EWOULDBLOCK),  ROW(EPROTO),       ROW(EOVERFLOW),  ROW(EILSEQ),
        ROW(ENOTSOCK),     ROW(EDESTADDRREQ), ROW(EMSGSIZE),     ROW(EPROTOTYPE), ROW(ENOPROTOOPT),
        ROW(EOPNOTSUPP),   ROW(ENOTSUP),      ROW(EAFNOSUPPORT), ROW(EADDRINUSE), ROW(EADDRNOTAVAIL),
        ROW(ENETDOWN),     ROW(ENETUNREACH),  ROW(ECONNABORTED), ROW(ECONNRESET), ROW(ENOBUFS),
        ROW(EISCONN),      ROW(ENOTCONN),     ROW(ESHUTDOWN),    ROW(ETIMEDOUT),  ROW(ECONNREFUSED),
        ROW(EHOSTUNREACH), ROW(EALREADY),     ROW(EINPROGRESS),  ROW(ECANCELED),
#undef ROW
    };
    Dict* codes = vm.dict();
    for (auto [name, value] : rows) {
        vm.set(m->dict, name, Value::integer(value));
        Probe probe;
        dict_set(vm.heap, codes, Value::integer(value), uint64_t(value), vm.str(name), probe);
    }
    vm.set(m->dict, "errorcode", Value::object(codes));
}
const ModuleDef kErrnoModule = {
    .name = "errno", .init = init_errno, .doc = "This module makes available standard errno system symbols."};

}  // namespace gen
