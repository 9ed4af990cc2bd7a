#include "report.h"

#include <new>
#include <string>

#include "flags.h"
#include "heed/core/memory.h"
#include "heed/models/train/trainer.h"
#include "memory.h"
#include "output.h"

using namespace heed;

int report(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const UsageError& error) {
    complain(error.what() + std::string("\n(heed --help lists the commands, "
                                        "heed COMMAND --help their flags)"));
    return usage;
  } catch (const FileError& error) {
    complain(std::string("heed: ") + error.what());
    return bad_file;
  } catch (const models::DivergedError& error) {
    complain(std::string("heed: ") + error.what());
    return diverged;
  } catch (const IoError& error) {
    complain(std::string("heed: ") + error.what());
    return io;
  } catch (const OutOfMemory& error) {
    complain("heed: memory: no room for " + std::to_string(error.bytes) + " bytes; tensors hold " +
             std::to_string(memory_statistics().live_bytes) + " bytes");
    return failure;
  } catch (const std::bad_alloc&) {
    complain("heed: out of memory");
    return failure;
  } catch (const std::exception& error) {
    complain(std::string("heed: ") + error.what());
    return failure;
  }
}
