pub mod vector_files;
