// A file that an option names: --timeline, --trace.
#pragma once
#include <string>
#include <string_view>

namespace gen {

class OutputFile {
  public:
    OutputFile() = default;
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    ~OutputFile();

    // Before the program runs, so that it need not run in vain; what the file held stays until write(). False: it cannot be
    // written, and standard error says so.
    bool open(const std::string& path);
    bool is_open() const { return descriptor_ >= 0; }
    void write(std::string_view text);  // errors are told on standard error

  private:
    void complain() const;
    std::string path_;
    int descriptor_ = -1;
};

}  // namespace gen
