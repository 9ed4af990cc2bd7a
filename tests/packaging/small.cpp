// A program of five lines, and what it took: run.sh checks the second line of its output.
#include <sys/resource.h>

#include <cstdio>

#include "heed/heed.h"

int main() {
  heed::Variable x = heed::tensor({1.0, 2.0, 3.0});
  x.requires_grad_();
  heed::sum(x * x).backward();
  std::printf("%s\n", heed::text(x.grad()).c_str());

  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  std::printf("%ld\n", used.ru_maxrss / 1024);  // MiB
}
