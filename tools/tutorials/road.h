#pragma once

#include <string_view>

/// The road from the first derivative to transformers. Each step is one program,
/// tools/tutorials/NAME.cpp, and one page, docs/road/NN-NAME.md with NN its place in this list.
struct RoadStep {
  std::string_view name;
  std::string_view title;
  std::string_view published;   ///< the number to compare with and where it stands; "-": none
  std::string_view reads = {};  ///< "FILE: what to look for", of those that are given one
};

inline constexpr RoadStep road[] = {
    {"moons", "a perceptron of scalars separates two moons",
     "loss 0.010978370135 and 100 % at step 99 (micrograd, demo.ipynb)"},
    {"char_rnn", "two layers of LSTM units write like the text that they read", "-",
     "FILE: a text in UTF-8, for instance input.txt of github.com/karpathy/char-rnn"},
    {"vanishing", "how far back a gradient reaches: RNN, GRU, LSTM, attention", "-"},
    {"adding", "an LSTM keeps two numbers over 50 steps of noise, an RNN does not",
     "1 of 2,560 wrong, T = 100 (Hochreiter & Schmidhuber 1997, experiment 4)"},
    {"rows", "an LSTM reads pictures of clothes row by row", "-",
     "FOLDER: Fashion-MNIST's four files, in the folder that tools/data/fashion-mnist.sh prints"},
    {"addition", "an LSTM reads a sum and a second one writes the answer",
     "99 % of characters, three digits reversed, 50,000 examples, 100 epochs (Keras, "
     "addition_rnn.py)"},
    {"sentence_length", "a fixed context loses long sentences, attention does not",
     "a fixed context falls with the length, RNNsearch-50 does not (Bahdanau, Cho & Bengio 2015, "
     "figure 2)"},
    {"dates", "dates as people write them become 1979-05-03",
     "the model has learned that Saturday has no predictive value; no accuracy is given (Ahmed "
     "2017, keras-attention, README.md)"},
    {"memory", "ten symbols over T blanks: LSTM, GRU and attention",
     "memoryless baseline 10 ln 8 / (T + 20) (Arjovsky, Shah & Bengio 2016, copying memory)"},
    {"hard", "hard attention beside soft, and the variance of its gradient", "-"},
    {"pointer", "a network that points: the convex hull of 5 and of 10 points",
     "92.0 % of sets of 5 points, 87.0 % of 10 (Vinyals, Fortunato & Jaitly 2015, table 1)"},
    {"reversal", "one layer of self-attention turns sequences round",
     "100.00 % of the digits of the test (UvA deep learning tutorial 6)"},
    {"copy", "a transformer of 2 layers copies ten symbols",
     "prints 1 2 3 4 5 6 7 8 9 10 (The Annotated Transformer of 2018, A first example)"},
    {"g2p", "an LSTM with attention and a transformer learn to pronounce English",
     "WER 20.6 % (CMUdict of 2007) and 30.2 % (latest CMUdict) by a transformer 3 x 256 "
     "(cmusphinx, g2p-seq2seq, README.md)",
     "FILE: the dictionary that tools/dictionary.sh prints"},
    {"sort", "a GPT of 3 blocks sorts six digits",
     "5,000 of 5,000 fresh inputs right, in about a minute on a laptop (minGPT, demo.ipynb)"},
    {"shakespeare", "a small GPT writes like Shakespeare",
     "loss 1.88 with the settings for a laptop (nanoGPT, README.md)",
     "FILE: tinyshakespeare, input.txt of github.com/karpathy/char-rnn, 1,115,394 characters"},
    {"grokking", "sums modulo 97 are understood long after they are known by heart",
     "validation to 100 % long after training (Power et al. 2022, figure 1: division)"},
    {"vit", "a vision transformer reads pictures of clothes in patches",
     "92.3 % of Fashion-MNIST's test images, 64 units, 200 epochs (github.com/s-chh/"
     "PyTorch-Scratch-Vision-Transformer-ViT, README.md)",
     "FOLDER: Fashion-MNIST's four files, in the folder that tools/data/fashion-mnist.sh prints"},
};
